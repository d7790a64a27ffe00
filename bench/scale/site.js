import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { Environment, newDirectory, removeAllDirectories, removeDirectory } from '../environment.js';
import { endWhenInterrupted } from '../processes.js';
import { completeDirectory, fill } from './dataset.js';
import { csvOf, FILES } from './people.js';

/**
 * What the sites of a run share.
 * @typedef {{ dir: string, opened: Set<Environment> }} Sites `dir`: for files; `opened`: the databases that are open
 */

/**
 * Runs `work`, and closes and removes all that it has opened: afterwards, and at an interruption.
 *
 * @param {(sites: Sites) => Promise<void>} work
 */
export async function withSites(work) {
  const opened = new Set();
  endWhenInterrupted(async () => {
    for (const environment of opened) await environment.close().catch(() => undefined);
    await removeAllDirectories();
  });
  const dir = newDirectory();
  try {
    await work({ dir, opened });
  } finally {
    for (const environment of opened) await environment.close();
    await removeDirectory(dir);
  }
}

/**
 * The cost of some work on rows.
 * @typedef {{ seconds: number, perSecond: number, microsPerRow?: number }} Cost `microsPerRow`: processor time of all that
 *   took part, in microseconds for a row; only on Linux
 *
 * @typedef {{ ours: Cost & { peakMb: number }, bare: Cost }} Imported
 */

/**
 * A new database with an organisation, whose people and places `rollcall import` stored. `COPY` stores the same rows into
 * bare tables for comparison.
 *
 * @param {import('./people.js').Size} size
 * @param {Sites & { progress: (message: string) => void }} context
 * @returns {Promise<{ environment: Environment, imported: Record<string, Imported> }>}
 */
export async function openSite(size, { dir, opened, progress }) {
  const environment = await Environment.create(size, fill);
  opened.add(environment);
  const imported = {};
  for (const [kind, { rows: rowsOf, key }] of Object.entries(FILES)) {
    const rows = rowsOf(size);
    const file = join(dir, `${kind}.csv`);
    await writeFile(file, csvOf(rows));
    progress(`importing ${rows.length.toLocaleString('en')} ${kind}`);
    imported[kind] = {
      ours: await importFile(environment, kind, file, rows.length),
      bare: await copyFile(environment, { file, columns: Object.keys(rows[0]), key, count: rows.length }),
    };
  }
  await completeDirectory(environment);
  // In a database in use, autovacuum has seen the rows.
  await environment.vacuum(['users', 'nodes', 'week_plans', 'groups']);
  return { environment, imported };
}

export async function closeSite(environment, opened) {
  await environment.close();
  opened.delete(environment);
}

async function importFile(environment, kind, file, count) {
  const began = await environment.postgresSeconds();
  const used = await environment.rollcall(['import', kind, file]);
  const postgresSeconds = (await environment.postgresSeconds()) - began;
  if (!used.said.includes(`\n${count} created, 0 updated, 0 unchanged, 0 refused.`))
    throw new Error(`The import of ${count} ${kind} said: ${used.said}`);
  return { ...costOf(count, used.seconds, used.cpuSeconds + postgresSeconds), peakMb: used.peakMb };
}

/** Copies a CSV file into a new table of texts with a primary key, and removes the table. */
async function copyFile(environment, { file, columns, key, count }) {
  const names = (list) => list.map((name) => `"${name}"`).join(', ');
  const client = new pg.Client(environment.target);
  await client.connect();
  try {
    const types = columns.map((column) => `"${column}" text NOT NULL`).join(', ');
    await client.query(`CREATE TABLE rollcall.bare (${types}, PRIMARY KEY (${names(key)}))`);
    const began = await environment.postgresSeconds();
    const beganCpu = process.cpuUsage();
    const startedMs = performance.now();
    const copy = client.query(
      copyFrom(`COPY rollcall.bare (${names(columns)}) FROM STDIN (FORMAT csv, HEADER)`),
    );
    await pipeline(createReadStream(file), copy);
    const seconds = (performance.now() - startedMs) / 1_000;
    const { user, system } = process.cpuUsage(beganCpu);
    const postgresSeconds = (await environment.postgresSeconds()) - began;
    if (copy.rowCount !== count) throw new Error(`COPY stored ${copy.rowCount} of ${count} rows.`);
    return costOf(count, seconds, (user + system) / 1e6 + postgresSeconds);
  } finally {
    await client.query('DROP TABLE IF EXISTS rollcall.bare');
    await client.end();
  }
}

/** @returns {Cost} */
function costOf(count, seconds, cpuSeconds) {
  return {
    seconds,
    perSecond: count / seconds,
    ...(Number.isNaN(cpuSeconds) ? {} : { microsPerRow: (cpuSeconds / count) * 1e6 }),
  };
}

/**
 * The first horizon for everybody, by `rollcall jobs run horizon`.
 *
 * @param {Environment} environment
 * @param {import('./people.js').Size} size
 * @returns {Promise<{ seconds: number, peakMb: number, days: number, jobMicros: number, postgresMicros: number }>} `days`:
 *   the number of plans that it made; `…Micros`: processor time for each of them, in microseconds
 */
export async function makeHorizon({ environment }, { people }) {
  const { owner, data } = environment;
  const began = await environment.postgresSeconds();
  const { seconds, cpuSeconds, peakMb } = await environment.rollcall(['jobs', 'run', 'horizon']);
  const postgresSeconds = (await environment.postgresSeconds()) - began;
  const { rows } = await owner.inTenant(data.tenantId, (tx) =>
    tx.query(
      `SELECT count(*)::integer AS days, count(DISTINCT user_id)::integer AS people,
              (SELECT count(*)::integer FROM bookings WHERE tenant_id = $1) AS bookings
       FROM day_plans WHERE tenant_id = $1`,
      [data.tenantId],
    ),
  );
  const [made] = rows;
  if (made.people !== people || made.bookings === 0)
    throw new Error(`The horizon has ${made.people} of ${people} people, and ${made.bookings} bookings.`);
  return {
    seconds,
    peakMb,
    days: made.days,
    jobMicros: (cpuSeconds / made.days) * 1e6,
    postgresMicros: (postgresSeconds / made.days) * 1e6,
  };
}
