import { join } from 'node:path';
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
/** A crash comes after at most so many acknowledged requests, and the load goes on for as many after it. */
const MOST_REQUESTS = 150;
const USERS = 200;
const LEAVES_PER_REQUEST = 10;

let workspace: Workspace;
let loadable: Loadable;
let server: Rollcall;
const target: Target = { baseUrl: '', token: '' };
beforeAll(async () => {
  workspace = await Workspace.create();
  loadable = await prepareLoad(workspace, USERS);
  await startServer();
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

/** Kills without a warning. Resolves when a server serves again, which the killed database does by itself. */
async function crash(victim: Victim): Promise<void> {
  if (victim === 'one connection of the database') {
    process.kill(await busyBackend(), 'SIGKILL');
    return;
  }
  const database = await serverPid(join(loadable.dataDir, 'postgres'));
  if (victim !== 'the server') process.kill(database ?? expect.fail('There is no database.'), 'SIGKILL');
  if (victim === 'the database') return;
  server.signal('SIGKILL');
  await server.exited;
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
      const before = 1 + random.below(MOST_REQUESTS);
      await until(() => acknowledged() >= before && leaveSource.acknowledged > 0);
      await crash(victim as Victim);
      const atCrash = acknowledged();
      await until(() => acknowledged() >= atCrash + MOST_REQUESTS);
      await Promise.all([...sources, leaveSource].map((source) => source.stop()));

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
    },
  );
});
