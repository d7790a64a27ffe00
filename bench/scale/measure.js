import { inTurn } from '../statistics.js';
import { closeSite, makeHorizon, openSite } from './site.js';

/**
 * Prepares new databases in each run, and measures this: the imports, and the first horizon for everybody. A first horizon
 * needs a database without plans. The last full database stays open, for the other rows.
 *
 * @param {object} context
 * @param {import('./people.js').Size} context.size
 * @param {import('./people.js').Size} context.smallSize for the comparison of the horizon
 * @param {string[]} context.names the rows that are wanted
 * @param {number} context.runs
 * @param {string} context.dir
 * @param {Set<import('../environment.js').Environment>} context.opened
 * @param {(message: string) => void} context.progress
 */
export async function measureSites(context) {
  const { size, smallSize, names, runs, opened, progress } = context;
  const isHorizonWanted = names.includes('horizon');
  const imported = [];
  const horizonOf = async (site, sizeOfSite) => {
    if (!isHorizonWanted) return undefined;
    progress(`horizon of ${sizeOfSite.people.toLocaleString('en')} people`);
    return makeHorizon(site, sizeOfSite);
  };
  let last;
  const all = async () => {
    if (last) await closeSite(last, opened);
    const site = await openSite(size, context);
    last = site.environment;
    imported.push(site.imported);
    return horizonOf(site, size);
  };
  const tenth = async () => {
    const site = await openSite(smallSize, context);
    const made = await horizonOf(site, smallSize);
    await closeSite(site.environment, opened);
    return made;
  };
  const isRepeated = isHorizonWanted || names.includes('import');
  const horizon = await inTurn(isRepeated ? runs : 1, isHorizonWanted ? { all, tenth } : { all }, progress);
  return { environment: last, measured: { imported, horizon } };
}
