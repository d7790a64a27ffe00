/** Middle of a list of numbers, with its ends. */
export function summarize(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** `ours / theirs`: of the medians, and the least and greatest of the runs, each with the other's of the same round. */
export function ratioOf(ours, theirs) {
  const { min, max } = summarize(ours.map((value, index) => value / theirs[index]));
  return { median: summarize(ours).median / summarize(theirs).median, min, max };
}

/**
 * Runs every contender once in each round, in an order that turns, so that none has the better moments.
 * @template T
 * @param {number} rounds
 * @param {Record<string, () => Promise<T>>} contenders
 * @param {(message: string) => void} progress
 * @returns {Promise<Record<string, T[]>>} by contender, in the order of the rounds
 */
export async function inTurn(rounds, contenders, progress) {
  const names = Object.keys(contenders);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < names.length; index++) {
      const name = names[(index + round) % names.length];
      progress(`${name}, ${round + 1} of ${rounds}`);
      results[name].push(await contenders[name]());
    }
  }
  return results;
}
