import { storeHistory } from '../scale/history.js';
import { sizeOf } from '../scale/people.js';
import { closeSite, openSite } from '../scale/site.js';
import { bytesOfParts } from './disk.js';
import { costOfEvents, costOfExports, costOfPosts, underFullLoad } from './loads.js';
import { postgresMb, residentMbOf } from './memory.js';

/**
 * What one organisation needs.
 * @typedef {object} Measured
 * @property {number} people
 * @property {number} desks
 * @property {string} postgres the version
 * @property {{ first: string, today: string, events: number, plans: number, bookings: number }} history what is stored
 * @property {Record<string, { bytes: number, rows: number }>} disk by part of the database
 * @property {import('./loads.js').Cost} events a presence event in a batch of 100
 * @property {import('./loads.js').Cost} posts a login and a presence event
 * @property {Record<string, import('./loads.js').ExportCost>} exports by dataset
 * @property {{ restMb: number, loadMb: number, postgresRestMb: number, postgresLoadMb: number }} memory
 */

/**
 * Makes an organisation with 13 weeks of plans, bookings and presence, and measures a server of its own on it.
 *
 * @param {number} people
 * @returns {Promise<Measured>}
 */
export async function measureSite(people, { dir, opened, seconds, progress }) {
  const size = sizeOf(people);
  const { environment } = await openSite(size, { dir, opened, progress });
  progress('making the horizon');
  await environment.rollcall(['jobs', 'run', 'horizon']);
  const { first, today, events } = await storeHistory(environment, size, { nowMs: Date.now(), progress });
  await environment.vacuum(['presence_events', 'day_plans', 'bookings', 'action_log']);
  progress('making the aggregates');
  await environment.rollcall(['aggregates', 'rebuild']);
  const disk = await bytesOfParts(environment);
  // Jobs would run at any time, and take part of the machine.
  const server = await environment.startServer({ args: ['--jobs', 'off'] });
  const context = {
    environment,
    server,
    today,
    pace: (lanes) => ({ lanes, warmupS: Math.min(2, seconds), seconds }),
    progress,
  };
  const restMb = residentMbOf(server.pid);
  const postgresRestMb = await postgresMb(environment);
  const exports = await costOfExports(context);
  // Events first: then the server knows all people and desks, as after some minutes of work.
  const batches = await costOfEvents(context);
  const posts = await costOfPosts(context);
  const { loadMb, postgresLoadMb } = await underFullLoad(context);
  const postgres = await environment.version();
  await server.stop();
  await closeSite(environment, opened);
  const { plans, bookings } = disk;
  return {
    people,
    desks: size.desks,
    postgres,
    history: { first, today, events, plans: plans.rows, bookings: bookings.rows },
    disk,
    events: batches,
    posts,
    exports,
    memory: { restMb, loadMb, postgresRestMb, postgresLoadMb },
  };
}
