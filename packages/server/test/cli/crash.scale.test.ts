import { join } from 'node:path';
import { Rollcall as Client } from '@rollcall/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/demo/random.ts';
import { addDays, utcDay } from '../../src/store/values/days.ts';
import { serverPid } from '../embedded/support.ts';
import { type Loadable, prepareLoad, rowsOf, Source, storedIds, type Target } from './load-support.ts';
import { logIn, type Rollcall, until, Workspace } from './support.ts';

/** `npm run test:crash` asks for 100. */
const CRASHES = Number(process.env.CRASHES ?? 5);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

const VICTIMS = ['the server', 'the database', 'both', 'one connection of the database'] as const;
type Victim = (typeof VICTIMS)[number];

const PRESENCE_SOURCES = 14;
const EVENTS_PER_REQUEST = 100;
/** A crash comes at most so many acknowledged requests after the start of an erasure. The load goes on for as many after it. */
const MOST_REQUESTS = 150;
/** The events, over three years, of a person who is erased. */
const HISTORY_EVENTS = 3_000;
const HISTORY_YEARS = 3;
const USERS = 200;
const LEAVES_PER_REQUEST = 10;

let workspace: Workspace;
let loadable: Loadable;
let server: Rollcall;
const target: Target = { baseUrl: '', token: '' };
beforeAll(async () => {
  workspace = await Workspace.create();
  loadable = await prepareLoad(workspace, USERS + CRASHES);
  await startServer();
  await addHistory(loadable.userIds.slice(USERS));
  target.token = (await logIn(target.baseUrl, loadable.key)).token;
  process.stdout.write(`${CRASHES} crashes, seed ${SEED}\n`);
});
afterAll(async () => {
  await server.stop();
  await workspace.close();
});

async function startServer(): Promise<void> {
  ({ server, baseUrl: target.baseUrl } = await workspace.start(['serve', '--data-dir', loadable.dataDir]));
}

/** Adds the events of three years for people who will be erased. */
async function addHistory(userIds: string[]): Promise<void> {
  await rowsOf(
    loadable.dataDir,
    `INSERT INTO rollcall.presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, received_at,
       event_id, source_id)
     SELECT u.tenant_id, at, gen_random_uuid(), (at AT TIME ZONE 'UTC')::date, u.user_id, n.id, n.id, at, 'history', 'history'
     FROM rollcall.users u CROSS JOIN gen_random_uuid() AS n (id)
     CROSS JOIN generate_series(0, $2 - 1) AS event
     CROSS JOIN LATERAL (SELECT '2023-01-01T00:00:00Z'::timestamptz + event * interval '1 day' * $3 / $2 AS at) AS each
     WHERE u.user_id = ANY($1)`,
    [userIds, HISTORY_EVENTS, HISTORY_YEARS * 365],
  );
}

/** The events of history: all, those of one person, and the pseudonyms that have some. */
async function historyOf(userId: string): Promise<{ all: number; own: number; pseudonyms: number }> {
  const [counts] = await rowsOf<{ all: number; own: number; pseudonyms: number }>(
    loadable.dataDir,
    `SELECT count(*)::integer AS all, count(*) FILTER (WHERE e.user_id = $1)::integer AS own,
       count(DISTINCT e.user_id) FILTER (WHERE u.pseudonym_year = extract(year FROM e.day))::integer AS pseudonyms
     FROM rollcall.presence_events e LEFT JOIN rollcall.users u USING (tenant_id, user_id)
     WHERE e.source_id = 'history'`,
    [userId],
  );
  return counts ?? expect.fail('Nothing was counted.');
}

/** The job that erases people, in a process of its own. */
const startErasing = () => workspace.spawn(['jobs', 'run', 'erase', '--data-dir', loadable.dataDir]);

/** The ids of the events of a request. */
const idsOf = (name: string, turn: number): string[] =>
  Array.from({ length: EVENTS_PER_REQUEST }, (_, index) => `${name} ${turn} ${index}`);

const presenceBody = (name: string, turn: number): object => ({
  sourceId: 'load',
  presenceEvents: idsOf(name, turn).map((eventId, index) => ({
    ...loadable.event,
    eventId,
    timestamp: new Date(Date.UTC(2026, 0, 5) + turn * EVENTS_PER_REQUEST + index).toISOString(),
  })),
});

/** Leaves of single days, no two of which meet. */
class Leaves {
  readonly #firstDay = addDays(utcDay(Date.now()), 7);
  #requests = 0;
  /** "user day" of each leave that a source sent. */
  readonly sent: string[] = [];

  next(): object {
    const first = this.#requests++ * LEAVES_PER_REQUEST;
    const timeOffEvents = Array.from({ length: LEAVES_PER_REQUEST }, (_, index) => {
      const uid = loadable.userIds[(first + index) % USERS] ?? '';
      const day = addDays(this.#firstDay, 2 * Math.floor((first + index) / USERS));
      this.sent.push(`${uid} ${day}`);
      return { eventId: `${first + index}`, uid, eventType: 'scheduled', startDate: day, endDate: day };
    });
    return { timeOffEvents };
  }
}

/**
 * Kills without a warning; with the server, also the process that erases. Resolves when a server serves again, which the
 * killed database does by itself.
 */
async function crash(victim: Victim, erasing: Rollcall): Promise<void> {
  if (victim === 'one connection of the database') {
    process.kill(await busyBackend(), 'SIGKILL');
    return;
  }
  const database = await serverPid(join(loadable.dataDir, 'postgres'));
  if (victim !== 'the server') process.kill(database ?? expect.fail('There is no database.'), 'SIGKILL');
  if (victim === 'the database') return;
  for (const each of [server, erasing]) {
    each.signal('SIGKILL');
    await each.exited;
  }
  await startServer();
}

/** A process of the database for a connection that has stored events. */
async function busyBackend(): Promise<number> {
  const [backend] = await rowsOf<{ pid: number }>(
    loadable.dataDir,
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'rollcall' AND pid <> pg_backend_pid()
       AND query LIKE '%presence_events%' ORDER BY query_start DESC LIMIT 1`,
  );
  return backend?.pid ?? expect.fail('No connection stores events.');
}

/** What the database has of leave: each list is of texts "user day", in order. */
async function storedLeave(): Promise<Record<'leaves' | 'plans' | 'entries', string[]>> {
  const daysOf = async (sql: string) =>
    (await rowsOf<{ userDay: string }>(loadable.dataDir, sql)).map(({ userDay }) => userDay).sort();
  return {
    leaves: await daysOf(`SELECT concat(user_id, ' ', start_day) AS "userDay" FROM rollcall.leaves`),
    plans: await daysOf(
      `SELECT concat(user_id, ' ', day) AS "userDay" FROM rollcall.day_plans WHERE set_by = 'leave' AND plan = 'a'`,
    ),
    entries: await daysOf(
      `SELECT concat(user_id, ' ', day) AS "userDay" FROM rollcall.action_log WHERE category = 'plan'`,
    ),
  };
}

describe('kill -9 under full load', () => {
  const random = new Random(SEED);
  const leaves = { current: undefined as Leaves | undefined };
  let halves = 0;
  afterAll(
    () => void process.stdout.write(`${halves} crashes left a half erasure, which the next run completed\n`),
  );

  test.each(Array.from({ length: CRASHES }, (_, index) => [index + 1, VICTIMS[index % VICTIMS.length]]))(
    'crash %i, of %s, loses nothing that was acknowledged, doubles nothing, and leaves nothing half done',
    async (number, victim) => {
      leaves.current ??= new Leaves();
      const { current } = leaves;
      const sources = Array.from(
        { length: PRESENCE_SOURCES },
        (_, source) =>
          new Source(target, '/v1/presence/', (turn) => presenceBody(`${number} ${source}`, turn)),
      );
      const leaveSource = new Source(target, '/v1/timeoff', () => current.next());
      const acknowledged = () => sources.reduce((sum, source) => sum + source.acknowledged, 0);
      const erasedId = loadable.userIds[USERS + number - 1] ?? '';
      const { users } = new Client({ baseUrl: target.baseUrl, ...loadable.key }).manage;
      await users.erase(erasedId);
      const erasing = startErasing();
      await until(async () => (await historyOf(erasedId)).own < HISTORY_EVENTS || erasing.hasEnded);
      const before = acknowledged() + 1 + random.below(MOST_REQUESTS);
      await until(() => acknowledged() >= before && leaveSource.acknowledged > 0);
      await crash(victim as Victim, erasing);
      const atCrash = acknowledged();
      await until(() => acknowledged() >= atCrash + MOST_REQUESTS);
      await Promise.all([...sources, leaveSource].map((source) => source.stop()));
      await erasing.exited;
      halves += (await historyOf(erasedId)).own > 0 ? 1 : 0;

      expect([...sources, leaveSource].flatMap(({ faults }) => faults)).toEqual([]);
      const sentIds = sources.flatMap(({ acknowledged }, source) =>
        Array.from({ length: acknowledged }, (_, turn) => idsOf(`${number} ${source}`, turn)).flat(),
      );
      const storedNow = await storedIds(loadable.dataDir, String(number));
      const distinct = new Set(storedNow);
      expect(sentIds.filter((id) => !distinct.has(id))).toEqual([]);
      expect(storedNow.length).toBe(sentIds.length);
      const expected = current.sent.toSorted();
      expect(await storedLeave()).toEqual({ leaves: expected, plans: expected, entries: expected });
      // The next run of the job completes the erasure, however far it had come.
      expect(await startErasing().exited).toMatchObject({ code: 0 });
      expect(await historyOf(erasedId)).toEqual({
        all: CRASHES * HISTORY_EVENTS,
        own: 0,
        pseudonyms: HISTORY_YEARS * number,
      });
    },
  );
});
