import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FloorClient, floorClient } from './support/floor.ts';
import { makeLondon } from './support/manage.ts';
import { png } from './support/png.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

let server: TestServer;
let client: FloorClient;
let london: Awaited<ReturnType<typeof makeLondon>>;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await floorClient(server);
  london = await makeLondon(client);
});
afterAll(() => server.close());

const sheet = (placements: object[] = []) => ({ imageId: null, aspectRatio: 1.5, placements });
const at = (nodeId: string, x = 0.25, y = 0.5) => ({ nodeId, x, y, width: null, height: null });

test('a draft is seen by nobody else until it is published, at once and whole', async () => {
  const { levelId, deskId, zoneId } = london;
  expect(await client.plan(levelId)).toEqual({ levelId, published: null, hasDraft: false });
  expect((await client.send('GET', `levels/${levelId}/floor-plan/draft`)).statusCode).toBe(204);
  const zone = { nodeId: zoneId, x: 0.5, y: 0.5, width: 0.5, height: 0.25 };
  const draft = await client.putDraft(levelId, sheet([at(deskId), zone]));
  expect(draft.body).toMatchObject({ levelId, basedOn: 0, hidden: 0, changedBy: client.apiKey });
  expect(draft.body.placements).toEqual(
    [
      { ...at(deskId), kind: 'place', name: 'N1', zoneId },
      { ...zone, kind: 'zone', name: 'North', zoneId },
    ].toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
  );
  expect(await client.plan(levelId)).toEqual({ levelId, published: null, hasDraft: true });
  const published = await client.publish(levelId, { 'if-match': draft.etag });
  expect(published).toMatchObject({ hasDraft: false, published: { version: 1, aspectRatio: 1.5 } });
  expect(published.published?.placements).toEqual(draft.body.placements);
  expect(await client.plan(levelId)).toEqual(published);
  expect((await client.send('GET', `levels/${levelId}/floor-plan/draft`)).statusCode).toBe(204);
});

test('of two people who edit a draft, the second gets a 412 and loses nothing', async () => {
  const { levelId, deskId } = london;
  const url = `levels/${levelId}/floor-plan/draft`;
  const first = await client.putDraft(levelId, sheet([at(deskId)]), { 'if-none-match': '*' });
  const again = await client.inject('PUT', url, { 'if-none-match': '*' }, sheet());
  expect(expectProblem(again, 412)).toContain('exists');
  const second = await client.putDraft(levelId, sheet([at(deskId, 0.75)]), { 'if-match': first.etag });
  expect(second.etag).not.toBe(first.etag);
  const late = { 'if-match': first.etag };
  expectProblem(await client.inject('PUT', url, late, sheet()), 412);
  expectProblem(await client.inject('DELETE', url, late), 412);
  expectProblem(await client.inject('POST', `levels/${levelId}/floor-plan/publication`, late), 412);
  const read = await client.inject('GET', url);
  expect([read.headers.etag, read.json()]).toEqual([second.etag, second.body]);
  const published = await client.inject('POST', `levels/${levelId}/floor-plan/publication`, {
    'if-match': second.etag,
  });
  expect(published.json().published.placements[0].x).toBe(0.75);
  expectProblem(await client.inject('PUT', url, { 'if-match': second.etag }, sheet()), 412);
  const removal = (headers: Record<string, string>) =>
    client.inject('DELETE', `levels/${levelId}/floor-plan`, headers);
  expectProblem(await removal(late), 412);
  expect((await removal({ 'if-match': String(published.headers.etag) })).statusCode).toBe(204);
  expectProblem(await removal({}), 404);
});

test('many who store the first draft at the same time: one wins', async () => {
  const { levelId } = london;
  const replies = await Promise.all(
    [0.1, 0.2, 0.3, 0.4].map((x) =>
      client.inject(
        'PUT',
        `levels/${levelId}/floor-plan/draft`,
        { 'if-none-match': '*' },
        sheet([at(london.deskId, x)]),
      ),
    ),
  );
  expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 412, 412, 412]);
});

test('a draft replaces no plan that was published since it began, unless it is forced to', async () => {
  const { levelId, deskId } = london;
  await client.putDraft(levelId, sheet());
  await client.publish(levelId);
  await client.putDraft(levelId, sheet([at(deskId)]));
  // Another draft was published meanwhile: this one says that it began before.
  await client.publish(levelId);
  const { body } = await client.putDraft(levelId, { ...sheet(), basedOn: 1 });
  expect(body.basedOn).toBe(1);
  const reply = await client.inject('POST', `levels/${levelId}/floor-plan/publication`);
  expect(expectProblem(reply, 409)).toContain('version 2');
  expect((await client.plan(levelId)).published).toMatchObject({ version: 2 });
  const forced = await client.inject('POST', `levels/${levelId}/floor-plan/publication?force=true`);
  expect(forced.json()).toMatchObject({ hasDraft: false, published: { version: 3, placements: [] } });
  const late = await client.inject(
    'PUT',
    `levels/${levelId}/floor-plan/draft`,
    {},
    { ...sheet(), basedOn: 9 },
  );
  expect(expectProblem(late, 400)).toContain('basedOn');
});

test('of two people who draw the first plan, the second does not replace that of the first in silence', async () => {
  const { levelId, deskId } = london;
  for (const basedOn of [0, null]) {
    const first = await client.putDraft(levelId, { ...sheet([at(deskId)]), basedOn: 0 });
    expect(first.body.basedOn).toBe(0);
    const { published } = await client.publish(levelId);
    // The second one has seen no plan, and begins a draft.
    const second = await client.putDraft(levelId, { ...sheet(), basedOn }, { 'if-none-match': '*' });
    expect(second.body.basedOn).toBe(0);
    const reply = await client.inject('POST', `levels/${levelId}/floor-plan/publication`);
    expect(expectProblem(reply, 409)).toContain(`version ${published?.version}`);
    expect((await client.plan(levelId)).published).toEqual(published);
    for (const path of ['/draft', ''])
      expect((await client.inject('DELETE', `levels/${levelId}/floor-plan${path}`)).statusCode).toBe(204);
  }
});

test('the number of a version never means two plans of a level, also if the first one was removed', async () => {
  const { levelId, deskId } = london;
  const remove = () => client.inject('DELETE', `levels/${levelId}/floor-plan`);
  await client.putDraft(levelId, sheet());
  expect((await client.publish(levelId)).published?.version).toBe(1);
  await remove();
  await client.putDraft(levelId, { ...sheet([at(deskId)]), basedOn: 1 });
  const outdated = await client.inject('POST', `levels/${levelId}/floor-plan/publication`);
  expect(expectProblem(outdated, 409)).toContain('was removed');
  await client.putDraft(levelId, { ...sheet([at(deskId)]), basedOn: 0 });
  expect((await client.publish(levelId)).published?.version).toBe(2);
  await remove();
  expect(await client.importPositions(`nodeId,x,y\n${deskId},0.5,0.5`)).toMatchObject({ created: 1 });
  expect((await client.plan(levelId)).published?.version).toBe(3);
});

test('a node that is retired or comes back while somebody edits is no conflict, and its place is not lost', async () => {
  const { levelId, deskId, zoneId } = london;
  const other = await client.make('desks', { deskName: 'N2', zoneId });
  const retire = (id: string) => client.patch(`desks/${id}`, { status: 'inactive' });
  const bringBack = (id: string) => client.patch(`desks/${id}`, { status: 'active' });
  const placed = ({ placements }: { placements: { nodeId: string; x: number }[] }) =>
    Object.fromEntries(placements.map(({ nodeId, x }) => [nodeId, x]));
  const first = await client.putDraft(levelId, sheet([at(deskId, 0.1), at(other, 0.9)]));
  await retire(deskId);
  // The author does not know yet, or knows.
  const reply = await client.inject(
    'PUT',
    `levels/${levelId}/floor-plan/draft`,
    { 'if-match': first.etag },
    sheet([at(deskId, 0.2), at(other, 0.8)]),
  );
  expect(expectProblem(reply, 400)).toContain('"N1" is retired');
  const second = await client.putDraft(levelId, sheet([at(other, 0.8)]), { 'if-match': first.etag });
  expect([placed(second.body), second.body.hidden]).toEqual([{ [other]: 0.8 }, 1]);
  await bringBack(deskId);
  const third = await client.putDraft(levelId, sheet([at(other, 0.7)]), { 'if-match': second.etag });
  expect(placed(third.body)).toEqual({ [deskId]: 0.1, [other]: 0.7 });
  expectProblem(
    await client.inject(
      'PUT',
      `levels/${levelId}/floor-plan/draft`,
      { 'if-match': second.etag },
      sheet([at(other, 0.6)]),
    ),
    412,
  );
  // Who has seen it can remove it.
  const fourth = await client.putDraft(levelId, sheet([at(other, 0.7)]), { 'if-match': third.etag });
  expect(placed(fourth.body)).toEqual({ [other]: 0.7 });
  await retire(other);
  await bringBack(other);
  expect(
    placed((await client.publish(levelId, { 'if-match': fourth.etag })).published ?? second.body),
  ).toEqual({ [other]: 0.7 });
});

test('a first draft does not lose a node that came back since its author read the published plan', async () => {
  const { levelId, deskId, zoneId } = london;
  const other = await client.make('desks', { deskName: 'N2', zoneId });
  await client.putDraft(levelId, sheet([at(deskId, 0.1), at(other, 0.9)]));
  await client.publish(levelId);
  await client.patch(`desks/${deskId}`, { status: 'inactive' });
  const hidden = (await client.plan(levelId)).published?.hidden;
  expect(hidden).toBe(1);
  await client.patch(`desks/${deskId}`, { status: 'active' });
  const url = `levels/${levelId}/floor-plan/draft`;
  const once = { 'if-none-match': '*' };
  const late = await client.inject('PUT', url, once, { ...sheet([at(other)]), basedOn: 1, hidden });
  expect(expectProblem(late, 412)).toContain('came back');
  expect(await client.plan(levelId)).toMatchObject({ hasDraft: false });
  const { body } = await client.putDraft(levelId, { ...sheet([at(other)]), basedOn: 1, hidden: 0 }, once);
  expect(body.placements.map(({ nodeId }) => nodeId)).toEqual([other]);
  // A draft that was read can be sent back, whatever has happened since.
  await client.putDraft(levelId, { ...body, hidden: 1 });
});

test('a plan has at most 5,000 places with those that are hidden', async () => {
  const { levelId, zoneId } = london;
  const { tenantId } = client;
  await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
       SELECT $1::uuid, md5($2::text || i)::uuid, 'place', $2::uuid, 'Desk ' || i FROM generate_series(1, 5001) AS i`,
      [tenantId, zoneId],
    ),
  );
  const { rows } = await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query<{ nodeId: string }>(
      `SELECT node_id AS "nodeId" FROM nodes WHERE tenant_id = $1 AND name LIKE 'Desk %' ORDER BY node_id`,
      [tenantId],
    ),
  );
  const desks = rows.map(({ nodeId }) => at(nodeId));
  const { etag } = await client.putDraft(levelId, sheet(desks.slice(0, 5_000)));
  await client.patch(`desks/${desks[0]?.nodeId}`, { status: 'inactive' });
  const put = (placements: object[]) =>
    client.inject('PUT', `levels/${levelId}/floor-plan/draft`, { 'if-match': etag }, sheet(placements));
  expect(expectProblem(await put(desks.slice(1)), 400)).toContain(
    '/placements are 5001 with those that are hidden',
  );
  expect((await put(desks.slice(1, 5_000))).json()).toMatchObject({ hidden: 1 });
});

test('the place of a node that is retired or moves away is kept until the node comes back', async () => {
  const { levelId, deskId, zoneId, locationId } = london;
  const other = await client.make('desks', { deskName: 'N2', zoneId });
  await client.putDraft(levelId, sheet([at(deskId, 0.1), at(other, 0.9)]));
  await client.publish(levelId);
  const before = (await client.plan(levelId)).published;
  const shown = async () => {
    const { published } = await client.plan(levelId);
    return [published?.placements.map(({ nodeId }) => nodeId), published?.hidden];
  };
  await client.patch(`desks/${deskId}`, { status: 'inactive' });
  expect(await shown()).toEqual([[other], 1]);
  // The editor does not see the place, and keeps it.
  const { body } = await client.putDraft(levelId, sheet([at(other, 0.8)]));
  expect(body).toMatchObject({ hidden: 1, placements: [{ nodeId: other }] });
  await client.putDraft(levelId, sheet([at(other, 0.9)]));
  await client.publish(levelId);
  const attic = await client.make('levels', { levelName: 'Attic', locationId });
  const zone = await client.make('zones', { zoneName: 'Eaves', levelId: attic });
  await client.patch(`desks/${other}`, { zoneId: zone });
  expect(await shown()).toEqual([[], 2]);
  const refused = await client.inject('PUT', `levels/${levelId}/floor-plan/draft`, {}, sheet([at(other)]));
  expect(expectProblem(refused, 400)).toContain('"N2" is not on this level');
  await client.patch(`desks/${other}`, { zoneId });
  await client.patch(`desks/${deskId}`, { status: 'active' });
  expect((await client.plan(levelId)).published?.placements).toEqual(before?.placements);
});

test('what cannot be placed is refused with its index, and nothing is stored', async () => {
  const { levelId, deskId, zoneId, locationId } = london;
  const room = await client.make('spaces', { spaceName: 'Jetty', levelId });
  const retired = await client.make('desks', { deskName: 'N9', zoneId });
  await client.patch(`desks/${retired}`, { status: 'inactive' });
  const put = (plan: object) => client.inject('PUT', `levels/${levelId}/floor-plan/draft`, {}, plan);
  const faults = async (placements: object[]) => {
    const reply = await put(sheet(placements));
    expectProblem(reply, 400);
    return reply
      .json()
      .errors.map(({ path, message }: { path: string; message: string }) => `${path} ${message}`);
  };
  expect(
    await faults([
      at('x'),
      at(locationId),
      at(levelId),
      { ...at(deskId), width: 0.1 },
      at(room),
      { ...at(zoneId), width: 0.1 },
      at(deskId),
      at(retired),
    ]),
  ).toEqual([
    '/placements/0 "x" is no id of a node',
    '/placements/1 "London" is a location; desks, spaces and zones can be placed',
    '/placements/2 "L3" is a level; desks, spaces and zones can be placed',
    '/placements/3 "N1" is a desk, which has no width and height',
    '/placements/4 "Jetty" is a space, which needs a width and a height',
    '/placements/5 "North" is a zone, which needs a width and a height',
    '/placements/6 "N1" is there twice',
    '/placements/7 "N9" is retired, or its level is',
  ]);
  for (const wrong of [{ x: -0.1 }, { x: 1.1 }, { y: Number.MAX_VALUE }, { x: 'left' }])
    expectProblem(await put(sheet([{ ...at(deskId), ...wrong }])), 400);
  for (const wrong of [{ aspectRatio: 0 }, { aspectRatio: 11 }, { placements: undefined }, { imageId: 'x' }])
    expectProblem(await put({ ...sheet(), ...wrong }), 400);
  expectProblem(await put(sheet(Array.from({ length: 5_001 }, () => at(deskId)))), 400);
  const { imageId } = await client.image(levelId, png(30, 10));
  expect(expectProblem(await put({ ...sheet(), imageId }), 400)).toContain('3.0000');
  expect(await client.plan(levelId)).toMatchObject({ hasDraft: false });
});

test('levels with a plan are listed with how much of them is placed', async () => {
  const { levelId, deskId, zoneId, locationId } = london;
  const retired = await client.make('desks', { deskName: 'N2', zoneId });
  await client.make('desks', { deskName: 'N3', zoneId });
  await client.putDraft(levelId, sheet([at(deskId), at(retired)]));
  const of = { levelId, levelName: 'L3', locationId, locationName: 'London', places: 3 };
  expect(await client.list('floor-plans')).toEqual([{ ...of, publishedAt: null, hasDraft: true, placed: 0 }]);
  await client.publish(levelId);
  const publishedAt = new Date(server.clock.nowMs).toISOString();
  expect(await client.list('floor-plans')).toEqual([{ ...of, publishedAt, hasDraft: false, placed: 2 }]);
  await client.patch(`desks/${retired}`, { status: 'inactive' });
  expect(await client.list('floor-plans')).toMatchObject([{ placed: 1, places: 2 }]);
  await client.patch(`levels/${levelId}`, { status: 'inactive' });
  expect(await client.list('floor-plans')).toEqual([]);
});

test('levels with a plan are listed by office and level as people count, in pages, and are searched', async () => {
  const paris = await client.make('locations', { locationName: 'Paris 1', timeZone: 'Europe/Paris' });
  const made = [london.levelId];
  for (const [levelName, locationId] of [
    ['Level 10', paris],
    ['Level 2', paris],
    ['level 1', paris],
    ['L20', london.locationId],
  ] as const)
    made.push(await client.make('levels', { levelName, locationId }));
  for (const levelId of made) await client.putDraft(levelId, sheet());
  const namesOf = (rows: Record<string, unknown>[]) =>
    rows.map(({ locationName, levelName }) => `${locationName}/${levelName}`);
  const listed = async (query: string) => namesOf(await client.list(`floor-plans?${query}`));
  const all = ['London/L3', 'London/L20', 'Paris 1/level 1', 'Paris 1/Level 2', 'Paris 1/Level 10'];
  expect(await listed('')).toEqual(all);
  const paged: string[] = [];
  for (let after: unknown; after !== null; ) {
    const { items, next } = await client.get(`floor-plans?limit=2${after ? `&after=${after}` : ''}`);
    paged.push(...namesOf(items as Record<string, unknown>[]));
    after = next;
  }
  expect(paged).toEqual(all);
  expect(await listed('search=PARIS%20evel%201')).toEqual([
    'Paris 1/level 1',
    'Paris 1/Level 2',
    'Paris 1/Level 10',
  ]);
  expect(await listed('search=level%2010')).toEqual(['Paris 1/Level 10']);
  expect(await listed('search=%25')).toEqual([]);
  expect(await listed('search=%00')).toEqual([]);
  expectProblem(await client.inject('GET', 'floor-plans?search=', {}), 400);
});

test('no organisation reads or changes the plan of another one', async () => {
  const { levelId, deskId } = london;
  await client.putDraft(levelId, sheet([at(deskId)]));
  await client.publish(levelId);
  await client.putDraft(levelId, sheet([at(deskId)]));
  const other = await floorClient(server);
  const theirs = await makeLondon(other);
  const url = `levels/${levelId}/floor-plan`;
  for (const [method, path] of [
    ['GET', url],
    ['DELETE', url],
    ['GET', `${url}/draft`],
    ['PUT', `${url}/draft`],
    ['DELETE', `${url}/draft`],
    ['POST', `${url}/publication`],
    ['GET', `levels/${levelId}/floor`],
  ] as const)
    expectProblem(await other.inject(method, path, {}, method === 'PUT' ? sheet() : undefined), 404);
  expectProblem(await other.upload(levelId, png(30, 20), 'image/png'), 404);
  const reply = await other.inject(
    'PUT',
    `levels/${theirs.levelId}/floor-plan/draft`,
    {},
    sheet([at(deskId)]),
  );
  expect(expectProblem(reply, 400)).toContain('is no id of a node');
  expect(await other.list('floor-plans')).toEqual([]);
  expect(await other.list('floor-positions')).toEqual([]);
  expect((await client.plan(levelId)).published?.placements).toHaveLength(1);
});

test('everybody sees the published plan, only administrators the draft, and viewers no name', async () => {
  const { levelId, deskId } = london;
  await client.putDraft(levelId, sheet([at(deskId)]));
  await client.publish(levelId);
  await client.putDraft(levelId, sheet());
  const statuses: Record<string, number[]> = {};
  for (const role of ['administrator', 'integrations', 'planner', 'viewer'] as const) {
    const headers = await browserWithRole(server, client.tenantId, role);
    const send = (method: 'GET' | 'POST', path: string, payload?: Buffer) =>
      server.app.inject({
        method,
        url: `/v1/manage/${path}`,
        headers: payload ? { ...headers, 'content-type': 'image/png' } : headers,
        ...(payload ? { payload } : {}),
      });
    const plan = await send('GET', `levels/${levelId}/floor-plan`);
    expect(plan.json().published.publishedBy).toBe(role === 'viewer' ? null : client.apiKey);
    statuses[role] = [
      plan.statusCode,
      (await send('GET', `levels/${levelId}/floor-plan/draft`)).statusCode,
      (await send('POST', `levels/${levelId}/floor-plan/images`, png(30, 20))).statusCode,
      (await send('GET', `levels/${levelId}/floor`)).statusCode,
      (await send('GET', 'floor-positions?format=csv')).statusCode,
    ];
  }
  expect(statuses).toEqual({
    administrator: [200, 200, 200, 200, 200],
    integrations: [200, 403, 403, 403, 200],
    planner: [200, 403, 403, 200, 200],
    viewer: [200, 403, 403, 403, 200],
  });
});

test('positions are downloaded as a file that an import takes, here or in another organisation', async () => {
  const { levelId, deskId, zoneId } = london;
  const formula = await client.make('desks', { deskName: '=1+1', zoneId });
  const room = await client.make('spaces', { spaceName: 'Jetty', levelId });
  const size = { width: 0.25, height: 0.125 };
  await client.putDraft(
    levelId,
    sheet([at(deskId, 0.1), at(formula, 1), { ...at(zoneId), ...size }, { ...at(room), ...size }]),
  );
  await client.publish(levelId);
  const file = await client.inject('GET', 'floor-positions?format=csv');
  expect(file.headers['content-type']).toContain('text/csv');
  expect(file.body.endsWith('\r\n')).toBe(true);
  const lines = file.body.trimEnd().split('\r\n');
  expect(lines[0]).toBe('nodeId,kind,name,zoneName,levelName,locationName,x,y,width,height');
  expect(lines.slice(1).toSorted()).toEqual(
    [
      `${deskId},place,N1,North,L3,London,0.1,0.5,,`,
      `${formula},place,'=1+1,North,L3,London,1,0.5,,`,
      `${zoneId},zone,North,,L3,London,0.25,0.5,0.25,0.125`,
      `${room},space,Jetty,,L3,London,0.25,0.5,0.25,0.125`,
    ].toSorted(),
  );
  expect(await client.list(`floor-positions?levelId=${levelId}&limit=2`)).toHaveLength(2);
  expect(await client.list('floor-positions?levelId=x')).toEqual([]);
  expect(expectProblem(await client.inject('GET', 'floor-positions?format=xml'), 400)).toContain('format');
  expect(await client.importPositions(file.body)).toMatchObject({ unchanged: 4, refused: 0 });

  const other = await floorClient(server);
  const theirs = await makeLondon(other);
  await other.make('desks', { deskName: '=1+1', zoneId: theirs.zoneId });
  await other.make('spaces', { spaceName: 'Jetty', levelId: theirs.levelId });
  const byName = lines.map((line) => line.slice(line.indexOf(',') + 1)).join('\r\n');
  const dry = await other.importPositions(byName, '?dryRun=true');
  expect(dry).toMatchObject({ created: 4, refused: 0, stored: false });
  expect(await other.plan(theirs.levelId)).toMatchObject({ published: null });
  expect(await other.importPositions(byName)).toMatchObject({ created: 4, refused: 0 });
  const positions = (rows: Record<string, unknown>[]) =>
    rows.map(({ nodeId: _, ...row }) => JSON.stringify(row)).toSorted();
  expect(positions(await other.list('floor-positions'))).toEqual(
    positions(await client.list('floor-positions')),
  );
});

test('the file of positions has one level after the other, and only its header if nothing is placed', async () => {
  const { locationId, levelId } = london;
  const header = 'nodeId,kind,name,zoneName,levelName,locationName,x,y,width,height\r\n';
  const read = async (query = '') => (await client.inject('GET', `floor-positions?format=csv${query}`)).body;
  expect(await read()).toBe(header);
  expect(await read('&levelId=x')).toBe(header);
  const levels = [levelId, await client.make('levels', { levelName: 'L4', locationId })];
  for (const level of levels) {
    const zoneId = await client.make('zones', { zoneName: 'East', levelId: level });
    const desks = await client.bulk(
      'desks',
      Array.from({ length: 300 }, (_, index) => ({ deskName: `Desk ${index}\r${level}`, zoneId })),
    );
    await client.putDraft(level, sheet(desks.map(({ id }) => at(id ?? ''))));
    await client.publish(level);
  }
  const file = await read();
  const order = [...file.matchAll(/,(L[34]),London,/g)].map(([, level]) => level);
  const [one, two] = levels.toSorted().map((level) => (level === levelId ? 'L3' : 'L4'));
  expect(order).toEqual([...Array(300).fill(one), ...Array(300).fill(two)]);
  expect(file.startsWith(header)).toBe(true);
  expect(await client.importPositions(file)).toMatchObject({ unchanged: 600, refused: 0 });
});

test('an imported row changes the published plan; it is refused while the level has a draft', async () => {
  const { levelId, deskId, zoneId } = london;
  await client.make('desks', { deskName: 'N2', zoneId });
  await client.make('spaces', { spaceName: 'N1', levelId });
  const retired = await client.make('desks', { deskName: 'N3', zoneId });
  await client.patch(`desks/${retired}`, { status: 'inactive' });
  const reasons = async (...rows: string[]) => {
    const { refusals } = await client.importPositions(
      ['nodeId,kind,name,x,y,width,height', ...rows].join('\n'),
    );
    return refusals.map(({ line, reason }) => `${line}: ${reason}`);
  };
  expect(
    await reasons(
      ',,N1,0.1,0.1,,',
      ',desk,N1,0.1,0.1,0.5,0.5',
      ',space,N1,0.1,0.1,,',
      ',,N9,0.1,0.1,,',
      `${deskId},,N2,0.1,0.1,,`,
      ',,N2,0.1,1.5,,',
      ',,,0.1,0.1,,',
      ',sofa,N2,0.1,0.1,,',
      ',,N3,0.1,0.1,,',
    ),
  ).toEqual([
    '2: name "N1" is the name of 2 desks, spaces or zones: give kind, locationName, levelName and zoneName, or nodeId',
    '3: name "N1" is a desk, which has no width and height',
    '4: name "N1" is a space, which needs a width and a height',
    '5: name "N9" is not known there',
    `6: nodeId "${deskId}" and the names in the row do not agree`,
    '7: y "1.5" is not a number from 0 to 1',
    '8: nodeId and name are empty',
    '9: kind "sofa" is none of place, space, zone',
    '10: name "N3" is retired, or its level is',
  ]);
  expect(await reasons(',,N2,0.1,0.1,,', ',,N2,0.2,0.2,,')).toEqual([
    '3: name "N2" was already given in line 2',
  ]);
  expect((await client.plan(levelId)).published).toMatchObject({ version: 1, aspectRatio: 1.5 });
  expect(await reasons(',,N2,0.1,0.1,,')).toEqual([]);
  expect((await client.plan(levelId)).published).toMatchObject({ version: 1 });
  expect(await reasons(',,N2,0.3,0.1,,')).toEqual([]);
  expect((await client.plan(levelId)).published).toMatchObject({ version: 2, placements: [{ x: 0.3 }] });
  await client.putDraft(levelId, sheet());
  expect(await reasons(',,N2,0.4,0.1,,')).toEqual(['2: publish or discard the draft of level "L3" first']);
});
