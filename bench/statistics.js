/** The median of a list of numbers, with its minimum and maximum. */
export function summarize(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** `ours / theirs`: the ratio of the medians, and the minimum and maximum of the ratios within each round. */
export function ratioOf(ours, theirs) {
  const { min, max } = summarize(ours.map((value, index) => value / theirs[index]));
  return { median: summarize(ours).median / summarize(theirs).median, min, max };
}

/**
 * Runs every contender once in each round. The order rotates, so that no contender always runs at a better moment.
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
