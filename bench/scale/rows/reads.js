import { runJob } from '../../processes.js';
import { processorSeconds } from '../../processor-time.js';
import { ratioLine } from '../../rows/common.js';
import { inTurn, ratioOf } from '../../statistics.js';

/** The lists begin at this share of all people, for a page in the middle. */
export const MIDDLE = 0.5;
/** As many people and texts are read in turn. */
const VARIETY = 200;

/**
 * Loads the server with a scenario, and measures the processor time of the server and of PostgreSQL for a request, in
 * microseconds. It is not a number if the system does not tell it. Further members change the pace.
 *
 * @returns {Promise<import('../../load/pace.js').Measured & { microsPerRequest: number }>}
 */
export async function loadWithCost({ environment, server, pace }, { scenario, options, lanes, ...further }) {
  const used = async () => processorSeconds(server.pid) + (await environment.postgresSeconds());
  const began = await used();
  const measured = await runJob('load/driver.js', {
    address: server.address,
    scenario,
    options,
    data: {},
    pace: { ...pace(lanes), ...further },
  });
  return { ...measured, microsPerRequest: (((await used()) - began) / measured.completed) * 1e6 };
}

/**
 * @typedef {{ what: string, paths: string[], rate?: number, seconds?: number }} Kind `paths` are requested in turn, `rate`
 *   times a second for so many seconds, or one request after the other
 */

/**
 * GET requests of several kinds, one request at a time on one connection, each against another kind.
 *
 * @param {object} context
 * @param {{ row: string, of: string, headers: Record<string, string>, against: Kind, kinds: Kind[], least?: number, most?: number }} reads
 *   `of` names the interface; of each kind, `least` requests are measured at least; `most` is the highest ratio
 */
export async function compareReads(context, { row, of, headers, against, kinds, least, most }) {
  const read =
    ({ what, paths, ...pace }) =>
    async () => {
      const load = { scenario: 'reads', options: { paths, headers }, lanes: 1, least, ...pace };
      const measured = await loadWithCost(context, load);
      const { p50, p95, max } = measured.latencyMs;
      context.progress(
        `${what}: ${Math.round(measured.microsPerRequest)} µs of processor time for each of ${measured.completed}; ` +
          `median ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, longest ${max.toFixed(1)} ms`,
      );
      return measured.latencyMs.p95;
    };
  const contenders = Object.fromEntries([...kinds, against].map((kind) => [kind.what, read(kind)]));
  const results = await inTurn(context.runs, contenders, context.progress);
  return kinds.map(({ what }) =>
    ratioLine({
      row,
      what: `p95 of ${of}: ${what}`,
      ours: results[what],
      against: against.what,
      theirs: results[against.what],
      ratio: ratioOf(results[what], results[against.what]),
      ...(most === undefined ? {} : { most }),
    }),
  );
}

/** The headers of a program that has this token. */
export const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** Some numbers of people, over all of them. */
export function someOf({ people }) {
  const count = Math.min(people, VARIETY);
  return Array.from({ length: count }, (_, index) => Math.floor((index * people) / count));
}

/** The parsed answer to a GET. Throws if its status is not 200. */
export async function getJson({ host, port }, path, headers) {
  const reply = await fetch(`http://${host}:${port}${path}`, { headers });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}
