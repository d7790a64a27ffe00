import { randomUUID } from 'node:crypto';

/**
 * New presence events, for all people and desks of an organisation in turn, some milliseconds apart.
 * @param {import('../dataset.js').Organisation[]} organisations
 */
export function eventSource(organisations) {
  const run = randomUUID().slice(0, 8);
  const beganMs = Date.now();
  const turns = organisations.map(() => 0);
  let count = 0;

  /** The next event of the organisation. */
  return (index) => {
    const { users, desks } = organisations[index];
    const turn = turns[index]++;
    return {
      eventId: `${run}-${count++}`,
      // The timestamps are in the last minutes, so that all contenders write among the events of the present.
      timestamp: new Date(beganMs - (count % 600_000)).toISOString(),
      user: users[turn % users.length],
      desk: desks[(turn * 7) % desks.length],
    };
  };
}
