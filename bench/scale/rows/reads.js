import { runJob } from '../../processes.js';
import { ratioLine } from '../../rows/common.js';
import { inTurn, ratioOf } from '../../statistics.js';

/** The lists begin at this share of all people, for a page in the middle. */
export const MIDDLE = 0.5;
/** As many people and texts are read in turn. */
const VARIETY = 200;

/**
 * GET requests of several kinds, one request at a time on one connection, each against the look-up of a user by id.
 *
 * @param {object} context
 * @param {{ row: string, of: string, token: string, lookUp: string[], kinds: { what: string, paths: string[] }[], most?: number }} reads
 *   `of` names the interface; `lookUp` and `paths` are requested in turn
 */
export async function compareReads(context, { row, of, token, lookUp, kinds, most }) {
  const p95 = async (paths) => {
    const { latencyMs } = await runJob('load/driver.js', {
      address: context.server.address,
      scenario: 'reads',
      options: { paths, token },
      data: {},
      pace: context.pace(1),
    });
    return latencyMs.p95;
  };
  const contenders = Object.fromEntries(kinds.map(({ what, paths }) => [what, () => p95(paths)]));
  const results = await inTurn(
    context.runs,
    { ...contenders, 'look-up by id': () => p95(lookUp) },
    context.progress,
  );
  return kinds.map(({ what }) =>
    ratioLine({
      row,
      what: `p95 of ${of}: ${what}`,
      ours: results[what],
      against: 'a user by id',
      theirs: results['look-up by id'],
      ratio: ratioOf(results[what], results['look-up by id']),
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
