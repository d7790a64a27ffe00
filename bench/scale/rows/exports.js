import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { basicAuthorization, readToEnd } from '../../export/reader.js';
import { peakMb } from '../../processes.js';
import { maximum, ratioLine } from '../../rows/common.js';
import { inTurn, ratioOf } from '../../statistics.js';

/** The same columns in SQL, by the path of the dataset. */
const DATASETS = {
  users: `SELECT email, first_name, last_name, onboarded, primary_group_id, primary_location_id, status, user_id, user_name,
            nullif(attributes ->> 'employeeNumber', '')
          FROM users WHERE tenant_id = current_tenant_id() ORDER BY user_id`,
  desks: `SELECT place_id, place_name, zone_id, zone_name, level_id, level_name, location_id, location_name, status
          FROM node_paths WHERE tenant_id = current_tenant_id() AND kind = 'place' ORDER BY place_id`,
};
const FORMATS = { json: 'JSON', parquet: 'Parquet' };

/** Exports of users and of desks, against `COPY` of the same columns to a client. */
export async function exports(context) {
  const lines = [];
  for (const [path, sql] of Object.entries(DATASETS)) {
    const rows = await countRows(context, path);
    const perSecond = async (work) => {
      const startedMs = performance.now();
      await work();
      return (rows / (performance.now() - startedMs)) * 1_000;
    };
    const results = await inTurn(
      context.runs,
      {
        ...Object.fromEntries(
          Object.keys(FORMATS).map((format) => [format, () => perSecond(() => read(context, path, format))]),
        ),
        copy: () => perSecond(() => copy(context, sql, rows)),
      },
      (message) => context.progress(`${path}: ${message}`),
    );
    for (const [format, name] of Object.entries(FORMATS))
      lines.push(
        ratioLine({
          row: 'exports',
          what: `${rows.toLocaleString('en')} ${path} as ${name}`,
          unit: 'rows/s',
          ours: results[format],
          against: '`COPY … TO STDOUT`',
          theirs: results.copy,
          ratio: ratioOf(results[format], results.copy),
        }),
      );
  }
  return lines;
}

/** The most resident memory of the server in all rows of the run. */
export async function memory({ server }) {
  const peak = peakMb(server.pid);
  if (peak === undefined) return [];
  return [maximum({ row: 'memory', what: 'most resident memory of the server', unit: 'MB', values: [peak] })];
}

const pathOf = (path, format) => `/v1/analytics/${path}/basic?format=${format}`;

function read({ environment, server }, path, format) {
  return readToEnd(server.address, pathOf(path, format), basicAuthorization(environment.data.key));
}

async function countRows({ environment, server }, path) {
  const { host, port } = server.address;
  const url = `http://${host}:${port}${pathOf(path, 'json')}`;
  const reply = await fetch(url, { headers: { authorization: basicAuthorization(environment.data.key) } });
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return (await reply.json()).length;
}

/** Reads the rows as text. Throws if their number is not `count`. */
async function copy({ environment }, sql, count) {
  const client = new pg.Client(environment.target);
  await client.connect();
  try {
    await client.query(
      `SET search_path TO rollcall; SET jit TO off; SET rollcall.tenant_id TO '${environment.data.tenantId}'`,
    );
    const stream = client.query(copyTo(`COPY (${sql}) TO STDOUT`));
    await pipeline(stream, new Writable({ write: (_chunk, _encoding, done) => done() }));
    if (stream.rowCount !== count) throw new Error(`COPY sent ${stream.rowCount} of ${count} rows.`);
  } finally {
    await client.end();
  }
}
