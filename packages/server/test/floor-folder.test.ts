import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { exportFloorPlans } from '../src/cli/floor-plans/export.ts';
import { importFloorPlans } from '../src/cli/floor-plans/import.ts';
import { type FloorClient, floorClient, svg } from './support/floor.ts';
import { makeLondon } from './support/manage.ts';
import { PNG, png } from './support/png.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let directory: string;
let folder: string;
let client: FloorClient;
let london: Awaited<ReturnType<typeof makeLondon>>;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-floor-'));
  folder = join(directory, 'plans');
  client = await floorClient(server);
  london = await makeLondon(client);
  return () => rm(directory, { recursive: true });
});
afterAll(() => server.close());

const size = { width: 0.5, height: 0.25 };
const at = (nodeId: string, x: number) => ({ nodeId, x, y: 0.5, width: null, height: null });
const exportOf = ({ tenantId }: FloorClient, into = folder) =>
  exportFloorPlans({ database: server.db.owner, tenantId }, into, () => undefined);
const importInto = ({ tenantId }: FloorClient, { dryRun = false } = {}) =>
  importFloorPlans({
    database: server.db.owner,
    tenantId,
    folder,
    dryRun,
    clock: server.clock.read,
    onProgress: () => undefined,
  });
const counts = ({ plans, positions }: Awaited<ReturnType<typeof importInto>>) =>
  [plans, positions].map(({ created, updated, unchanged, refused }) => [
    created,
    updated,
    unchanged,
    refused.map(({ line, reason }) => `${line}: ${reason}`),
  ]);

/** Publishes a plan with an image for the level of `london`, and one without an image for a second level. */
async function publishTwo() {
  const { levelId, locationId, zoneId, deskId } = london;
  const { imageId } = await client.image(levelId, svg('<rect width="30" height="20"/>'), 'image/svg+xml');
  const placements = [at(deskId, 0.1), { ...at(zoneId, 0.5), ...size }];
  await client.putDraft(levelId, { imageId, aspectRatio: 1.5, placements });
  await client.publish(levelId);
  const upper = await client.make('levels', { levelName: '=L4', locationId });
  await client.putDraft(upper, { imageId: null, aspectRatio: 2, placements: [] });
  await client.publish(upper);
  return { imageId, upper };
}

test('a folder brings plans, images and places to another organisation; again it changes nothing', async () => {
  const { imageId } = await publishTwo();
  expect(await exportOf(client)).toEqual({ plans: 2, images: 1, positions: 2 });
  expect(await readdir(directory)).toEqual(['plans']);
  const image = `${imageId.slice(0, 16)}.svg`;
  expect(await readFile(join(folder, 'floor-plans.csv'), 'utf8')).toBe(
    `locationName,levelName,image,aspectRatio\r\nLondon,'=L4,,2\r\nLondon,L3,${image},1.5\r\n`,
  );
  expect(counts(await importInto(client))).toEqual([
    [0, 0, 2, []],
    [0, 0, 2, []],
  ]);

  const other = await floorClient(server);
  const theirs = await makeLondon(other);
  const upper = await other.make('levels', { levelName: '=L4', locationId: theirs.locationId });
  const all = [
    [2, 0, 0, []],
    [2, 0, 0, []],
  ];
  expect(counts(await importInto(other, { dryRun: true }))).toEqual(all);
  expect(await other.plan(theirs.levelId)).toMatchObject({ published: null });
  expect(counts(await importInto(other))).toEqual(all);
  const { published } = await other.plan(theirs.levelId);
  expect(published).toMatchObject({ imageId, aspectRatio: 1.5 });
  expect(published?.placements).toHaveLength(2);
  expect(published?.placements).toEqual(
    expect.arrayContaining([
      expect.objectContaining(at(theirs.deskId, 0.1)),
      expect.objectContaining({ ...at(theirs.zoneId, 0.5), ...size }),
    ]),
  );
  expect(await other.plan(upper)).toMatchObject({ published: { imageId: null, aspectRatio: 2 } });
  const shown = await other.inject('GET', `floor-plan-images/${imageId}`);
  expect(shown.rawPayload).toEqual(await readFile(join(folder, 'images', image)));
});

test('an import changes the image of a plan, and keeps the places that the folder does not name', async () => {
  const { levelId, deskId, zoneId } = london;
  await publishTwo();
  await exportOf(client);
  const { imageId } = await client.image(levelId, png(40, 20));
  await client.putDraft(levelId, { imageId, aspectRatio: 2, placements: [at(deskId, 0.9)] });
  await client.publish(levelId);
  await writeFile(
    join(folder, 'floor-positions.csv'),
    'name,kind,x,y,width,height\nNorth,zone,0.5,0.5,0.5,0.25\n',
  );
  expect(counts(await importInto(client))).toEqual([
    [0, 1, 1, []],
    [1, 0, 0, []],
  ]);
  const { published } = await client.plan(levelId);
  expect(published?.aspectRatio).toBe(1.5);
  expect(published?.placements).toHaveLength(2);
  expect(published?.placements).toEqual(
    expect.arrayContaining([
      expect.objectContaining(at(deskId, 0.9)),
      expect.objectContaining({ ...at(zoneId, 0.5), ...size }),
    ]),
  );
});

test('a plan that cannot be published is refused with its line, and the others are published', async () => {
  const { upper } = await publishTwo();
  await exportOf(client);
  await client.putDraft(upper, { imageId: null, aspectRatio: 1, placements: [] });
  await writeFile(join(folder, 'images', 'good.png'), PNG);
  await writeFile(join(folder, 'images', 'broken.svg'), '<svg>');
  await writeFile(join(folder, 'images', 'note.png'), 'text');
  const rows = [
    "London,'=L4,,2",
    'London,L9,,2',
    'London,L3,../floor-plans.csv,1.5',
    'London,L3,none.png,1.5',
    'London,L3,good.png,2',
    'London,L3,,11',
    'London,L3,note.png,1.5',
    'London,L3,good.png,1.5',
    'London,L3,,1.5',
    'London,,,1',
  ];
  await writeFile(
    join(folder, 'floor-plans.csv'),
    ['locationName,levelName,image,aspectRatio', ...rows].join('\n'),
  );
  const report = await importInto(client);
  expect(report.positions).toMatchObject({ unchanged: 2, refused: [] });
  const [plans] = counts(report);
  expect(plans).toEqual([
    0,
    1,
    0,
    [
      '2: publish or discard the draft of level "=L4" first',
      '3: level "L9" of "London" is not known, or retired',
      '4: image "../floor-plans.csv" is no name of a file in the folder images',
      '5: image "none.png" cannot be read (ENOENT)',
      '6: aspectRatio 2 is not that of the image, 1.5000',
      '7: aspectRatio "11" is not a number from 0.1 to 10',
      '8: The file is no PNG, JPEG or SVG image.',
      '10: level "L3" was already given in line 9',
      '11: levelName is empty',
    ],
  ]);
});

test('the places of a plan that is refused are refused, too, and make no blank sheet', async () => {
  const { imageId } = await publishTwo();
  await exportOf(client);
  await writeFile(join(folder, 'images', `${imageId.slice(0, 16)}.svg`), '<svg>');
  const other = await floorClient(server);
  const { levelId, locationId } = await makeLondon(other);
  await other.make('levels', { levelName: '=L4', locationId });
  const { plans, positions } = await importInto(other);
  expect(plans).toMatchObject({ created: 1, refused: [{ line: 3 }] });
  const reason = 'the plan of level "L3" of "London" was not published';
  expect(positions.refused).toEqual([
    { line: 2, reason },
    { line: 3, reason },
  ]);
  expect(await other.plan(levelId)).toMatchObject({ published: null });
});

test('a folder may be named with a slash, as a shell completes it', async () => {
  await publishTwo();
  await mkdir(folder);
  await exportOf(client, `${folder}/`);
  expect(await readdir(directory)).toEqual(['plans']);
  expect((await readdir(folder)).toSorted()).toEqual(['floor-plans.csv', 'floor-positions.csv', 'images']);
});

test('an export overwrites nothing, and an import needs both files', async () => {
  await publishTwo();
  await exportOf(client);
  await expect(exportOf(client)).rejects.toThrow('is not empty');
  await expect(exportOf(client, join(folder, 'floor-plans.csv'))).rejects.toThrow('is a file, or');
  await expect(exportOf(client, join(folder, 'floor-plans.csv', 'x'))).rejects.toThrow('below a file');
  await rm(join(folder, 'floor-positions.csv'));
  await expect(importInto(client)).rejects.toThrow('cannot be read (ENOENT)');
});
