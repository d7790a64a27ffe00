import { runJob } from '../../processes.js';
import { processorSeconds } from '../../processor-time.js';
import { ratioLine } from '../../rows/common.js';
import { inTurn, ratioOf } from '../../statistics.js';

/** The lists begin at this share of all people, for a page in the middle. */
export const MIDDLE = 0.5;
/** As many people and texts are read in turn. */
const VARIETY = 200;
const LOOK_UP = 'look-up by id';

/**
 * Loads the server with a scenario, and measures the processor time of the server and of PostgreSQL for a request, in
 * microseconds. It is not a number if the system does not tell it.
 *
 * @returns {Promise<import('../../load/pace.js').Measured & { microsPerRequest: number }>}
 */
export async function loadWithCost({ environment, server, pace }, { scenario, options, lanes }) {
  const used = async () => processorSeconds(server.pid) + (await environment.postgresSeconds());
  const began = await used();
  const measured = await runJob('load/driver.js', {
    address: server.address,
    scenario,
    options,
    data: {},
    pace: pace(lanes),
  });
  return { ...measured, microsPerRequest: (((await used()) - began) / measured.completed) * 1e6 };
}

/**
 * GET requests of several kinds, one request at a time on one connection, each against the look-up of a user by id.
 *
 * @param {object} context
 * @param {{ row: string, of: string, token: string, lookUp: string[], kinds: { what: string, paths: string[] }[], most?: number }} reads
 *   `of` names the interface; `lookUp` and `paths` are requested in turn
 */
export async function compareReads(context, { row, of, token, lookUp, kinds, most }) {
  const read = (what, paths) => async () => {
    const measured = await loadWithCost(context, { scenario: 'reads', options: { paths, token }, lanes: 1 });
    context.progress(
      `${what}: ${Math.round(measured.microsPerRequest)} µs of processor time for each of ${measured.completed}`,
    );
    return measured.latencyMs.p95;
  };
  const contenders = Object.fromEntries(kinds.map(({ what, paths }) => [what, read(what, paths)]));
  const results = await inTurn(
    context.runs,
    { ...contenders, [LOOK_UP]: read(LOOK_UP, lookUp) },
    context.progress,
  );
  return kinds.map(({ what }) =>
    ratioLine({
      row,
      what: `p95 of ${of}: ${what}`,
      ours: results[what],
      against: 'a user by id',
      theirs: results[LOOK_UP],
      ratio: ratioOf(results[what], results[LOOK_UP]),
      ...(most === undefined ? {} : { most }),
    }),
  );
}

/** Some numbers of people, over all of them. */
export function someOf({ people }) {
  const count = Math.min(people, VARIETY);
  return Array.from({ length: count }, (_, index) => Math.floor((index * people) / count));
}

/** The parsed answer to a GET. Throws if its status is not 200. */
export async function getJson({ host, port }, path, token) {
  const reply = await fetch(`http://${host}:${port}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}
