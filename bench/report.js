import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../packages/server/dist/store/release.js';

const DOCUMENT = fileURLToPath(new URL('../docs/performance.md', import.meta.url));

/** The machine and the versions on which the figures depend. Nothing here identifies the machine. */
export function describeMachine(postgres) {
  const require = createRequire(import.meta.url);
  const versionOf = (name) => JSON.parse(readFileSync(require.resolve(`${name}/package.json`))).version;
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    postgres,
    rollcall: VERSION,
    fastify: versionOf('fastify'),
    pg: versionOf('pg'),
    oidcProvider: versionOf('oidc-provider'),
  };
}

/**
 * The lines as a Markdown table.
 * @param {import('./rows/common.js').Line[]} lines
 */
export function table(lines) {
  return [
    '| what | Rollcall | against | ratio | goal | |',
    '|---|---|---|---|---|---|',
    ...lines.map(({ what, unit, ours, against, ratio, goal, met }) =>
      [
        '',
        what,
        `${spread(ours)} ${unit}`,
        against ? `${against.name}: ${spread(against)}` : '',
        ratio ? `**${format(ratio.median)}** (${format(ratio.min)}–${format(ratio.max)})` : '',
        goal ?? 'reported',
        met === undefined ? '' : met ? 'met' : 'missed',
        '',
      ]
        .join(' | ')
        .trim(),
    ),
  ].join('\n');
}

function spread({ median, min, max }) {
  return min === max ? format(median) : `${format(median)} (${format(min)}–${format(max)})`;
}

/** Three significant digits; from 100 on a whole number. */
function format(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(value < 1 ? 2 : 3);
}

/**
 * Replaces the lines of earlier runs with the lines of this run, for the same rows. It changes `file`, and the section
 * `section` of docs/performance.md.
 */
export function save(lines, { machine, order, runs, seconds, file = 'results.json', section = 'benchmark' }) {
  const results = fileURLToPath(new URL(file, import.meta.url));
  const [begin, end] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  const kept = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')).lines : [];
  const measured = { date: new Date().toISOString().slice(0, 10), runs, seconds, ...machine };
  const fresh = lines.map((line) => ({ ...rounded(line), measured }));
  const rows = new Set(fresh.map((line) => line.row));
  const all = [...kept.filter((line) => !rows.has(line.row)), ...fresh].sort(
    (a, b) => order.indexOf(a.row) - order.indexOf(b.row),
  );
  writeFileSync(results, `${JSON.stringify({ lines: all }, null, 2)}\n`);
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${DOCUMENT} has no section for the table.`);
  writeFileSync(DOCUMENT, `${before}${begin}\n${table(all)}\n\n${circumstances(all)}\n${end}${after}`);
}

/** The machine and the versions of the measurements, with the rows that they apply to. */
function circumstances(lines) {
  const groups = new Map();
  for (const { row, measured } of lines) {
    const { date, cpu, cores, memoryGb, system, node, postgres, rollcall, runs, seconds, data, ...versions } =
      measured;
    const text =
      `measured ${date}, Rollcall ${rollcall}, ${runs} runs${seconds ? ` of ${seconds} s` : ''}${data ? `, ${data}` : ''}; ${cpu}, ${cores} cores, ${memoryGb} GB, ${system}; ` +
      `Node.js ${node}, PostgreSQL ${postgres}, ${contenders(versions)}.`;
    groups.set(text, (groups.get(text) ?? new Set()).add(row));
  }
  return [...groups].map(([text, rows]) => `${[...rows].join(', ')}: ${text}`).join('\n\n');
}

function contenders({ fastify, pg, oidcProvider, duckdb }) {
  if (duckdb) return `DuckDB ${duckdb}`;
  return fastify ? `Fastify ${fastify}, pg ${pg}, oidc-provider ${oidcProvider}` : `pg ${pg}`;
}

function rounded(value) {
  if (typeof value === 'number') return Number(value.toPrecision(4));
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, rounded(each)]));
}
