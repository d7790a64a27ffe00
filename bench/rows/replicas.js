import { processorSeconds } from '../processor-time.js';
import { inTurn } from '../statistics.js';
import { comparison, load } from './common.js';
import { counted } from './presence.js';

/** To each server: one adds a server for more clients. */
const CONNECTIONS = 32;
/** A server that has just started compiles what it runs. The row `single` has that. */
const WARM_UPS = 2;

/**
 * Presence posts of one event, a login before each, for each second of processor time of servers and database: two servers
 * on one database, against one of them. Nothing on a system that does not tell the processor time.
 */
export async function replicas(context) {
  const { environment, server, runs, progress } = context;
  if (processorSeconds(server.pid) === undefined || Number.isNaN(await environment.postgresSeconds()))
    return [];
  const second = await environment.startServer({ second: true });
  try {
    progress('warming the servers up');
    for (let turn = 0; turn < WARM_UPS; turn++) await postsOf(context, [server, second]);
    const results = await inTurn(
      runs,
      { two: () => postsOf(context, [server, second]), one: () => postsOf(context, [server]) },
      progress,
    );
    return [
      comparison({
        row: 'replicas',
        what: `presence posts of one event, a login before each, ${CONNECTIONS} connections to each of two servers on one database`,
        unit: 'posts per processor-second',
        ours: results.two,
        against: `one server, ${CONNECTIONS} connections`,
        theirs: results.one,
        goal: 0.9,
      }),
    ];
  } finally {
    await second.stop();
  }
}

/** Loads the servers at once. `perSecond` counts posts for each second of processor time, not of the clock. */
async function postsOf(context, servers) {
  const { environment } = context;
  const used = async () => {
    const own = servers.map(({ pid }) => processorSeconds(pid));
    return own.reduce((sum, each) => sum + each, await environment.postgresSeconds());
  };
  let cpuSeconds = 0;
  const measured = await counted(environment, 1, async () => {
    const began = await used();
    const loads = servers.map((server) =>
      load(context, server, { scenario: 'singles', connections: CONNECTIONS }),
    );
    const all = await Promise.all(loads);
    cpuSeconds = (await used()) - began;
    return {
      completed: all.reduce((sum, { completed }) => sum + completed, 0),
      driverCpu: all.reduce((sum, { driverCpu }) => sum + driverCpu, 0),
    };
  });
  return { ...measured, perSecond: measured.completed / cpuSeconds };
}
