import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ChangesClient, DATES, datesOf, followable } from './support/changes.ts';
import { Consumer, type Row } from './support/consumer.ts';
import { addUser } from './support/directory.ts';
import { addSite, goodEvent, results } from './support/presence.ts';
import { basic, startTestServer } from './support/server.ts';

const changes = ChangesClient.forEachTest();
const { get, cursorOf, since, follower, fill } = changes;

/** A cursor as releases before positions wrote it: with the timeline in the id of the database, and without a position. */
async function withoutPosition(cursor: string): Promise<string> {
  const [, runId, snapshot, at] = parts(cursor);
  const { rows } = await changes.server.db.owner.inSystem((tx) =>
    tx.query<{ database: string }>('SELECT database FROM current_history()'),
  );
  return text([rows[0]?.database, runId, snapshot, at]);
}

describe('A cursor of a release without positions', () => {
  test.each(followable.map(({ path }) => path))('%s: it goes on, and no change is missed', async (path) => {
    const consumer = await follower(path);
    await fill();
    consumer.cursor = await withoutPosition(consumer.cursor);
    expect((await changes.followed(consumer)).length).toBeGreaterThan(0);
    expect(parts(consumer.cursor)).toHaveLength(6);
    expect(await changes.followed(consumer)).toEqual([]);
  });

  test('goes on in pages, which have a position from then on', async () => {
    const consumer = await follower('users');
    await fill();
    consumer.cursor = await withoutPosition(consumer.cursor);
    expect((await changes.followed(consumer, 1)).length).toBeGreaterThan(1);
    expect(parts(consumer.cursor)).toHaveLength(6);
  });
});

describe('A cursor that this database cannot answer is a 410', () => {
  const GONE = { status: 410, detail: expect.stringContaining('another database') };

  test.each(followable.map(({ path }) => path))(
    '%s: the cursor of a database from which this one was copied',
    async (path) => {
      const copy = await startTestServer();
      const foreign = await addSite(copy);
      const reply = await copy.app.inject({ url: '/v1/analytics/users/basic', headers: foreign.headers });
      await copy.close();
      const refused = await get(path, `changedSince=${reply.headers['rollcall-cursor']}`);
      expect(refused.statusCode).toBe(410);
      expect(refused.headers['rollcall-cursor']).toBeUndefined();
      expect(refused.json()).toMatchObject(GONE);
    },
  );

  test('a cursor of a snapshot in the future, as after its data files were set back', async () => {
    const [database, runId, , at] = parts(await withoutPosition(await cursorOf()));
    const refused = await get(
      'users',
      `changedSince=${text([database, runId, '9000000000:9000000000:', at])}`,
    );
    expect(refused.json()).toMatchObject(GONE);
  });

  test('a cursor of a position that the database has lost, as after its data files were set back', async () => {
    const [database, runId, snapshot, at, scope] = parts(await cursorOf());
    const refused = await get(
      'users',
      `changedSince=${text([database, runId, snapshot, at, scope, 'FFFFFFF0/0'])}`,
    );
    expect(refused.json()).toMatchObject(GONE);
  });

  test('a cursor of a run that is unknown to this database', async () => {
    const [database, , snapshot, at, scope, lsn] = parts(await cursorOf());
    const refused = await get(
      'users',
      `changedSince=${text([database, randomUUID(), snapshot, at, scope, lsn])}`,
    );
    expect(refused.json()).toMatchObject(GONE);
  });

  test('a cursor issued after the state to which the data files were set back, once transaction ids have caught up', async () => {
    const before = await cursorOf();
    await addUser(changes.server.db.owner, changes.site.tenantId);
    const lost = await cursorOf();
    // PostgreSQL restarted, and the first free id then had been assigned before.
    const [, xmax] = String(parts(before)[2]).split(':');
    await changes.server.db.owner.inSystem((tx) =>
      tx.query("INSERT INTO database_runs (started_at, first_xid) VALUES ('2026-01-01', $1::xid8)", [xmax]),
    );
    expect((await get('users', `changedSince=${before}`)).statusCode).toBe(200);
    expect((await get('users', `changedSince=${lost}`)).json()).toMatchObject(GONE);
    await changes.server.db.owner.inSystem((tx) =>
      tx.query("DELETE FROM database_runs WHERE started_at = '2026-01-01'"),
    );
  });
});

const parts = (cursor: string) => JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
const text = (of: unknown) => Buffer.from(JSON.stringify(of)).toString('base64url');

describe('An unreadable parameter is a 400 that names it', () => {
  test.each([
    ['changedSince', 'changedSince='],
    ['changedSince', 'changedSince=yesterday'],
    ['changedSince', `changedSince=${text({})}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '9:5:', 0])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:4', 1_773_144_000_000])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:7,6', 1_773_144_000_000])}`],
    ['changedSince', `changedSince=${text(['d', 'x', '5:9:', 1_773_144_000_000])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:', 'x'])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:', 1_773_144_000_000, null, 'x'])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:', 1_773_144_000_000, 5, '0/1'])}`],
    ['changedSince', `changedSince=${text(['d', randomUUID(), '5:9:', 1_773_144_000_000, null, '0/1', 1])}`],
    ['limit', `${DATES}&limit=`],
    ['limit', `${DATES}&limit=0`],
    ['limit', `${DATES}&limit=-1`],
    ['limit', `${DATES}&limit=1.5`],
    ['limit', `${DATES}&limit=10001`],
    ['limit', `${DATES}&limit=all`],
    ['limit', `${DATES}&after=x`],
    ['after', `${DATES}&limit=1&after=x`],
    ['startDate', 'limit=5'],
    ['endDate', 'startDate=2026-03-01'],
  ])('%s: %s', async (parameter, query) => {
    const reply = await get('presence', query);
    expect(reply.statusCode, reply.body).toBe(400);
    expect(reply.json().errors).toEqual([{ path: parameter, message: expect.any(String) }]);
  });

  test('one date without the other, with changedSince', async () => {
    const reply = await get('presence', `changedSince=${await cursorOf()}&startDate=2026-03-01`);
    expect(reply.json().errors).toMatchObject([{ path: 'endDate' }]);
  });

  test('after: a position of another dataset, or a changed one', async () => {
    await fill();
    const link = String((await get('users', 'limit=1')).headers.link);
    const after =
      new URL(/<(.+)>/.exec(link)?.[1] ?? '', 'http://rollcall.example').searchParams.get('after') ?? '';
    const [cursor] = parts(after);
    for (const wrong of [
      after,
      text([cursor, '2026-02-30', ...Array(4).fill(changes.site.user.userId)]),
      text([
        cursor,
        '2026-03-10',
        changes.site.user.userId,
        changes.site.user.userId,
        '2026-03-10 25:00:00+00',
        changes.site.user.userId,
      ]),
      text([
        'x',
        '2026-03-10',
        changes.site.user.userId,
        changes.site.user.userId,
        '2026-03-10 05:00:00+00',
        changes.site.user.userId,
      ]),
    ]) {
      const reply = await get('presence', `${DATES}&limit=1&after=${wrong}`);
      expect(reply.statusCode, reply.body).toBe(400);
      expect(reply.json().errors).toMatchObject([{ path: 'after' }]);
    }
  });
});

describe('limit', () => {
  test.each(followable.map(({ path }) => path))(
    '%s: the pages together have the rows of the answer without limit, in its order',
    async (path) => {
      const empty = await cursorOf();
      await fill();
      const consumer = new Consumer(changes.server, changes.site.key, path);
      const dates: Record<string, string> = datesOf(path)
        ? { startDate: '2026-03-01', endDate: '2026-03-31' }
        : {};
      for (const query of [dates, { changedSince: empty }]) {
        const all = (await consumer.get(query)).json() as Row[];
        expect(all.length).toBeGreaterThanOrEqual(1);
        for (const limit of [1, 2, all.length, 10_000]) {
          const { rows, pages } = await consumer.pages({ ...query, limit: String(limit) });
          expect(rows).toEqual(all);
          expect(pages).toBe(Math.ceil(all.length / limit));
        }
      }
    },
  );

  test('a write between two pages is a change since the cursor, which is that of the first page', async () => {
    await fill();
    const consumer = await follower('presence');
    let n = 0;
    const { rows, cursor } = await consumer.pages(
      { startDate: '2026-03-01', endDate: '2026-03-31', limit: '2' },
      async () => {
        const timestamp = `2026-03-0${1 + (n % 9)}T10:00:00Z`;
        await results(changes.server, changes.site, [
          goodEvent(changes.site, { eventId: `between ${n++}`, timestamp }),
        ]);
      },
    );
    const keys = new Set(
      [...rows, ...(await since('presence', cursor))].map((row) => `${row.timestamp} ${row.userId}`),
    );
    const exported = await consumer.exported();
    expect(n).toBeGreaterThan(3);
    expect([...keys].sort()).toEqual(exported.map((row) => `${row.timestamp} ${row.userId}`).sort());
  });

  test('Link does not use Host, keeps the parameters of the request, and is missing on the last page', async () => {
    await fill();
    const { locationId } = changes.site.office;
    const reply = await changes.server.app.inject({
      url: `/v1/analytics/presence/basic/?${DATES}&limit=8&locationIds=${locationId}&format=csv`,
      headers: { ...changes.site.headers, host: 'evil.example' },
    });
    const target = /^<(.+)>; rel="next"$/.exec(String(reply.headers.link))?.[1] ?? '';
    expect(target).toMatch(/^\/v1\/analytics\/presence\/basic\/\?/);
    const next = new URL(target, 'http://rollcall.example');
    expect(Object.fromEntries(next.searchParams)).toMatchObject({
      ...{
        startDate: '2026-03-01',
        endDate: '2026-03-31',
        limit: '8',
        locationIds: locationId,
        format: 'csv',
      },
    });
    const last = await changes.server.app.inject({
      url: next.pathname + next.search,
      headers: { authorization: basic(changes.site.key) },
    });
    expect(last.body.trim().split('\r\n')).toHaveLength(2);
    expect(last.headers.link).toBeUndefined();
  });
});
