import type http from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { LONGEST_WAIT_S } from '../src/http/slots.ts';
import { lockDirectory } from '../src/store/connections/directory-lock.ts';
import { countTransactions } from './support/database.ts';
import { type FloorClient, floorClient } from './support/floor.ts';
import { untilAllWait } from './support/locks.ts';
import { makeLondon } from './support/manage.ts';
import { PNG } from './support/png.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen, openPaused, readAll } from './support/sockets.ts';
import { until } from './support/waiting.ts';

/** Half of the slots of each kind are the share of one organisation. */
const EXPORTS = 4;
const IMAGE_SHARE = 4;
const UPLOAD_SHARE = 2;
/** More than the buffers of a connection hold. */
const IMAGE_BYTES = 40 * 1024 * 1024;
const POSITIONS = 'floor-positions?format=csv';

let server: TestServer;
let baseUrl: string;
let hostile: Neighbour;
let calm: Neighbour;
const clients = new Set<AbortController>();

interface Neighbour {
  client: FloorClient;
  levelId: string;
  image: string;
}

beforeAll(async () => {
  // Here, readers that read nothing keep their slots, however far the stopwatch is set.
  server = await startTestServer({ exportGraceS: 86_400 }, { database: { exportPoolSize: EXPORTS } });
  baseUrl = await listen(server);
  hostile = await settle('a');
  calm = await settle('b');
});
afterEach(async () => {
  for (const client of clients) client.abort();
  clients.clear();
  await expect.poll(() => countTransactions(server.db)).toBe(0);
});
afterAll(() => server.close());

/** An organisation with a large image and, on five levels, 5,000 desks each. */
async function settle(digit: string): Promise<Neighbour> {
  const client = await floorClient(server);
  const { tenantId } = client;
  const { levelId, locationId } = await makeLondon(client);
  await server.db.owner.inTenant(tenantId, async (tx) => {
    const run = (sql: string, ...values: unknown[]) => tx.query(sql, [tenantId, ...values]);
    await run(
      `INSERT INTO floor_plan_images (tenant_id, image_id, media_type, width, height, content)
       VALUES ($1, repeat($2, 64), 'image/png', 3, 2, decode(repeat('00', $3::integer), 'hex'))`,
      digit,
      IMAGE_BYTES,
    );
    for (let n = 0; n < 5; n++)
      await run(
        `WITH level AS (
           INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
           SELECT $1::uuid, gen_random_uuid(), 'level', $2::uuid, 'Level ' || $3::integer RETURNING node_id
         ), zone AS (
           INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
           SELECT $1::uuid, gen_random_uuid(), 'zone', node_id, 'Zone' FROM level RETURNING node_id
         ), desks AS (
           INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
           SELECT $1::uuid, gen_random_uuid(), 'place', node_id, repeat('Desk ', 100) || i FROM zone, generate_series(1, 5000) AS i
           RETURNING node_id
         ), plan AS (
           INSERT INTO floor_plans (tenant_id, plan_id, level_id, is_draft, version, aspect_ratio, changed_at, changed_by)
           SELECT $1::uuid, gen_random_uuid(), node_id, false, 1, 1.5, '2026-03-10T12:00:00Z', 'Ada' FROM level
           RETURNING plan_id
         )
         INSERT INTO floor_plan_placements (tenant_id, plan_id, node_id, x, y)
         SELECT $1::uuid, plan_id, node_id, 0.5, 0.5 FROM plan, desks`,
        locationId,
        n,
      );
  });
  return { client, levelId, image: `floor-plan-images/${digit.repeat(64)}` };
}

/** Requests an answer and reads nothing of its body. Resolves when the headers have arrived. */
function open({ client }: Neighbour, path: string, headers = {}): Promise<http.IncomingMessage> {
  const controller = new AbortController();
  clients.add(controller);
  const { authorization } = client;
  const url = `${baseUrl}/v1/manage/${path}`;
  const response = openPaused(url, { headers: { authorization } }, headers, controller.signal);
  response.then(
    (answer) => answer.on('error', () => undefined),
    () => undefined,
  );
  return response;
}

const openMany = (of: Neighbour, count: number, path: string) =>
  Promise.all(Array.from({ length: count }, () => open(of, path)));

const isSettled = (promise: Promise<unknown>) =>
  Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    new Promise((resolve) => setImmediate(() => resolve(false))),
  ]);

/** Advances the time by the longest wait for a slot, again and again, until the promise is settled. */
async function afterWaiting<T>(promise: Promise<T>): Promise<T> {
  await until(() => {
    server.stopwatch.nowMs += LONGEST_WAIT_S * 1_000;
    return isSettled(promise);
  });
  return promise;
}

test.each([
  [
    'images',
    () => ({ theirs: hostile.image, ours: calm.image, share: IMAGE_SHARE, what: 'downloads of images' }),
  ],
  ['positions', () => ({ theirs: POSITIONS, ours: POSITIONS, share: EXPORTS / 2, what: 'exports' })],
])('an organisation that asks for %s and reads nothing leaves slots for others', async (_name, get) => {
  const { theirs, ours, share, what } = get();
  const [first] = await openMany(hostile, share, theirs);
  const more = await afterWaiting(open(hostile, theirs));
  expect(more.statusCode).toBe(503);
  expect(JSON.parse((await readAll(more)).text).detail).toContain(
    `Your organisation already runs ${share} ${what}, the most that it may run at once`,
  );
  const others = await openMany(calm, share, ours);
  for (const response of others) {
    expect(response.statusCode).toBe(200);
    expect((await readAll(response)).complete).toBe(true);
  }
  const waiting = open(hostile, theirs);
  expect(await isSettled(waiting)).toBe(false);
  first?.destroy();
  expect((await waiting).statusCode).toBe(200);
});

test('a browser that has an image needs no slot to learn so', async () => {
  await openMany(hostile, IMAGE_SHARE, hostile.image);
  const etag = `"${hostile.image.split('/')[1]}"`;
  expect((await open(hostile, hostile.image, { 'if-none-match': etag })).statusCode).toBe(304);
});

test('an upload holds its slot until its work has ended, although its client has gone', async () => {
  const upload = ({ client, levelId }: Neighbour, signal?: AbortSignal) =>
    fetch(`${baseUrl}/v1/manage/levels/${levelId}/floor-plan/images`, {
      method: 'POST',
      headers: { authorization: client.authorization, 'content-type': 'image/png' },
      body: new Uint8Array(PNG),
      ...(signal && { signal }),
    });
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let onLocked: () => void = () => undefined;
  const locked = new Promise<void>((resolve) => {
    onLocked = resolve;
  });
  const { tenantId } = hostile.client;
  const lock = server.db.owner.inTenant(tenantId, async (tx) => {
    await lockDirectory(tx, tenantId);
    onLocked();
    await released;
  });
  try {
    await locked;
    // One more than the share: it is refused, so the others hold the slots.
    const uploads = Array.from({ length: UPLOAD_SHARE + 1 }, () => {
      const controller = new AbortController();
      clients.add(controller);
      const answer = upload(hostile, controller.signal);
      answer.catch(() => undefined);
      return answer;
    });
    await untilAllWait(server.db.target);
    const refused = await afterWaiting(Promise.race(uploads));
    expect(refused.status).toBe(503);
    const connections = () =>
      new Promise<number>((resolve) => server.app.server.getConnections((_error, count) => resolve(count)));
    const before = await connections();
    for (const client of clients) client.abort();
    await expect.poll(connections).toBeLessThanOrEqual(before - UPLOAD_SHARE);
    const late = upload(hostile);
    await untilAllWait(server.db.target);
    const next = await afterWaiting(late);
    expect(next.status).toBe(503);
    expect(await next.text()).toContain('Your organisation already runs 2 uploads of images');
    expect((await upload(calm)).status).toBe(200);
  } finally {
    release();
    await lock;
  }
  expect((await upload(hostile)).status).toBe(200);
});
