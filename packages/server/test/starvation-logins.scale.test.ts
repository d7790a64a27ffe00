import { afterAll, beforeAll, expect, test } from 'vitest';
import { MOST_FAILURES } from '../src/auth/guess-limit.ts';
import { logIn, Workspace } from './cli/support.ts';
import {
  type AttackReport,
  attack,
  callFor,
  calmAndUnder,
  ingestFor,
  isSettled,
  median,
  mostMs,
  type Neighbours,
  type Served,
  startNeighbours,
  written,
} from './support/neighbours.ts';
import { login } from './support/server.ts';

const LOGIN_CONNECTIONS = 550;
const LOGINS_PER_SECOND = 2_000;
const HELD_CONNECTIONS = 2_000;
const PROBE_PAUSE_MS = 100;
const SETTLE_MS = 2_000;

let workspace: Workspace;
let neighbours: Neighbours;
let token: string;
beforeAll(async () => {
  workspace = await Workspace.create();
  neighbours = await startNeighbours(workspace);
  const { baseUrl, calm } = neighbours;
  ({ token } = await logIn(baseUrl, calm.key));
  await ingestFor(baseUrl, calm, 5_000);
});
afterAll(async () => {
  await neighbours?.stop();
  await workspace.close();
});

/** Measures the other organisation, with a connection for each kind of request. */
interface Seen {
  events: Served;
  logins: Served;
  management: Served;
  readyz: Served;
}

async function see(forMs: number): Promise<Seen> {
  const { baseUrl, calm } = neighbours;
  const probe = { forMs, pauseMs: PROBE_PAUSE_MS };
  const headers = { authorization: `Bearer ${token}` };
  const [events, logins, management, readyz] = await Promise.all([
    ingestFor(baseUrl, calm, forMs),
    callFor(
      baseUrl,
      () => ({ method: 'POST', path: '/v1/auth', body: login(calm.key, Math.floor(Date.now() / 1_000)) }),
      { forMs },
    ),
    callFor(baseUrl, () => ({ method: 'GET', path: '/v1/manage/locations', headers }), probe),
    callFor(baseUrl, () => ({ method: 'GET', path: '/readyz' }), probe),
  ]);
  return { events, logins, management, readyz };
}

/** Runs calm and attacked phases, and expects the same service for the other organisation. */
async function expectUnharmed(
  what: string,
  runMs: number,
  script: string,
  job: object,
): Promise<AttackReport[]> {
  const { baseUrl } = neighbours;
  const reports: AttackReport[] = [];
  const timesOf = (runs: Seen[], of: 'events' | 'logins') => runs.map((run) => run[of].p99Ms);
  const { calm: before, under } = await calmAndUnder(
    () => see(runMs),
    async () => {
      const attacker = await attack(script, { ...job, baseUrl });
      const seen = await see(runMs);
      reports.push(await attacker.stop());
      // The server closes the attacker's connections first, because the next run must not contain that.
      await see(SETTLE_MS);
      return seen;
    },
    (runs) => isSettled(timesOf(runs, 'events')) && isSettled(timesOf(runs, 'logins')),
  );
  const slowestOf = (runs: Seen[], of: keyof Seen) => Math.max(...runs.map((run) => run[of].slowestMs));
  console.info(
    `${what}:\n` +
      (['events', 'logins'] as const)
        .map(
          (of) =>
            `p99 of ${of} ${written(timesOf(before, of))} calm, ${written(timesOf(under, of))} under it\n`,
        )
        .join('') +
      `slowest answer of management ${slowestOf(under, 'management').toFixed(0)} ms, of /readyz ${slowestOf(under, 'readyz').toFixed(0)} ms\n` +
      `the attacker used ${median(reports.map(({ processors }) => processors)).toFixed(2)} processors and counted ` +
      JSON.stringify(reports.at(-1)?.counts),
  );
  for (const { events, logins, management, readyz } of [...before, ...under])
    expect([events, logins, management, readyz].map(({ failures }) => failures)).toEqual([{}, {}, {}, {}]);
  for (const of of ['events', 'logins'] as const)
    expect([of, median(timesOf(under, of)) < mostMs(timesOf(before, of))]).toEqual([of, true]);
  return reports;
}

/** The failures that are checked in a minute; a run may lie in two of them. */
const CHECKED = 2 * MOST_FAILURES;

test.each([
  ['strangers', 'HTTP Basic with random ids', 'calm', 6_000],
  ['guesses', 'HTTP Basic with the id of a key that knows the network, and wrong secrets', 'calm', 3_000],
  ['guesses', 'HTTP Basic with the id of a key that does not know it, and wrong secrets', 'hostile', 3_000],
  ['scim', 'unknown SCIM tokens', 'calm', 3_000],
] as const)(
  'Refused logins (%s), 2,000 a second on 550 connections, delay no other request: %s',
  async (kind, what, of, runMs) => {
    const reports = await expectUnharmed(what, runMs, './hostile-logins.mjs', {
      kind,
      apiKey: neighbours[of].key.apiKey,
      connections: LOGIN_CONNECTIONS,
      perSecond: LOGINS_PER_SECOND,
    });
    for (const { counts } of reports) {
      const {
        sent = 0,
        late: _,
        reconnected,
        perSecond: __,
        401: failed = 0,
        429: limited = 0,
        ...others
      } = counts;
      expect({ reconnected, others }).toEqual({ reconnected: 0, others: {} });
      expect(failed + limited).toBeGreaterThan(sent - LOGIN_CONNECTIONS - 1);
      if (of === 'hostile') expect(failed).toBeLessThanOrEqual(CHECKED);
      else expect(limited).toBe(0);
    }
  },
);

test.each([
  ['idle', 'nothing comes'],
  ['halves', 'half a request head comes'],
])('Held connections (%s), 2,000 from one address, lock nobody out: %s on them', async (kind, what) => {
  const reports = await expectUnharmed(
    `2,000 connections on which ${what}`,
    4_000,
    './hostile-connections.mjs',
    {
      kind,
      connections: HELD_CONNECTIONS,
    },
  );
  for (const { counts } of reports) expect(counts.opened).toBeGreaterThanOrEqual(HELD_CONNECTIONS);
});
