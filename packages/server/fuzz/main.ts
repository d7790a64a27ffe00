import type { ImportColumns } from './bodies.ts';
import { Client } from './client.ts';
import type { Worlds } from './credentials.ts';
import { changedTables, digestsOf } from './isolation.ts';
import { Judge } from './judge.ts';
import { type Description, type Operation, operationsOf } from './openapi.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { type Case, planCases, readPath } from './plan.ts';
import { Run } from './run.ts';
import { Server } from './server.ts';
import { Tally } from './tally.ts';
import { type Place, World } from './world.ts';

/** Requests at a time. The server has a share for each caller, which is larger. */
const LANES = 8;
/** Requests delete and rename things, so a new organisation comes after so many. */
const ROUND_REQUESTS = 2_500;
/** The run goes on after so many errors of the driver itself: what it found until then is worth its report. */
const MOST_DRIVER_FAULTS = 5;

/** Runs the driver. Returns the exit code. */
async function main(options: Options): Promise<number> {
  const startedMs = performance.now();
  console.log(`Seed ${options.seed}${options.path === undefined ? `, ${options.requests} requests` : ''}`);
  const server = await Server.start();
  const close = async () => {
    console.error('Interrupted.');
    await server.close();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void close());
  const client = new Client(server.url);
  try {
    return await fuzz(options, { server, client }, startedMs);
  } finally {
    client.close();
    await server.close();
  }
}

async function fuzz(options: Options, place: Place, startedMs: number): Promise<number> {
  const { server, client } = place;
  const neighbour = await World.full(place);
  const columns = await importColumns(neighbour);
  // The server counts what it answered, and stores the counts later. From here on it answers nobody of this organisation.
  client.close();
  await server.restart();
  const before = await digestsOf(server, neighbour);
  const description = await describedBy(place);
  const all = operationsOf(description);
  const operations = chosen(all, options.operations);
  const tally = new Tally();
  const run = new Run({
    url: server.url,
    seed: options.seed,
    client,
    judge: new Judge(description, all),
    columns,
    tally,
    neighbour,
    worlds: rounds(place, tally),
  });

  const driverFaults: string[] = [];
  if (options.path !== undefined) {
    const { path, ...again } = readPath(options.path, all);
    await run.runCase(again, path);
  } else {
    const runCase = (each: Case) =>
      run.runCase(each).catch((error: unknown) => void driverFaults.push(String(error)));
    const goesOn = () => server.isAlive && driverFaults.length <= MOST_DRIVER_FAULTS;
    await inLanes(planCases(operations, options.requests, options.seed), runCase, goesOn);
  }

  const others = [
    ...driverFaults.map((fault) => `The driver itself failed: ${fault}`),
    ...changedTables(before, await digestsOf(server, neighbour)).map(
      (table) => `Rows of another organisation have changed in the table ${table}.`,
    ),
    ...(server.isAlive ? [] : ['The server has ended.']),
    ...(await server.errors()).slice(0, 5).map((line) => `The server logged an error: ${line}`),
  ];
  const failures = [...run.failures.values()];
  report({ options, operations, tally, failures, others });
  console.log(
    `${tally.total} requests in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s, seed ${options.seed}`,
  );
  return failures.length + others.length > 0 ? 1 : 0;
}

async function describedBy({ client }: Place): Promise<Description> {
  const { body } = await client.send({ method: 'GET', target: '/openapi.json', headers: [], body: null });
  return JSON.parse(body.toString()) as Description;
}

function chosen(all: readonly Operation[], ids: readonly string[]): readonly Operation[] {
  const unknown = ids.filter((id) => !all.some((operation) => operation.id === id));
  if (unknown.length > 0) throw new Error(`The server has no operation ${unknown.join(', ')}.`);
  return ids.length === 0 ? all : all.filter(({ id }) => ids.includes(id));
}

async function importColumns(world: World): Promise<ImportColumns> {
  const { items } = (await world.call('GET', '/v1/manage/imports')).body as {
    items: { kind: string; columns: ImportColumns[string] }[];
  };
  return Object.fromEntries(items.map(({ kind, columns }) => [kind, columns]));
}

/** The organisations of the present round. */
function rounds(place: Place, tally: Tally): () => Promise<Worlds> {
  let present: Promise<Worlds> | undefined;
  let end = 0;
  const make = async () => ({ own: await World.full(place), other: await World.empty(place) });
  return () => {
    if (present === undefined || tally.total >= end) {
      end = tally.total + ROUND_REQUESTS;
      present = make();
    }
    return present;
  };
}

/** Does the work of each case, `LANES` of them at a time, while `goesOn`. */
async function inLanes(
  cases: Case[],
  work: (each: Case) => Promise<void>,
  goesOn: () => boolean,
): Promise<void> {
  const waiting = cases.values();
  const lane = async () => {
    for (const each of waiting) {
      if (!goesOn()) return;
      await work(each);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

interface Report {
  options: Options;
  operations: readonly Operation[];
  tally: Tally;
  failures: { fault: string; path: string; curl: string; answer: string; count: number }[];
  others: string[];
}

function report({ options, operations, tally, failures, others }: Report): void {
  if (options.path === undefined) {
    const isGood = failures.length + others.length === 0;
    console.log(tally.table(operations, isGood ? 'class' : 'status'));
    const unreached = tally.unreached(operations);
    if (unreached.length > 0) console.log('\nWithout a success:');
    for (const { id, reason } of unreached)
      console.log(`  ${id}${reason === undefined ? '' : `: ${reason}`}`);
  }
  for (const { fault, path, curl, answer, count } of failures) {
    console.log(`\nFAILED ${fault}${count > 1 ? ` (${count} requests)` : ''}`);
    console.log(`  again:   npm run fuzz -- --seed ${options.seed} --path '${path}'`);
    console.log(`  request: ${curl}`);
    console.log(`  answer:  ${answer}`);
  }
  for (const other of others) console.log(`\nFAILED ${other}`);
  console.log(`\n${failures.length + others.length} faults`);
}

try {
  const options = readOptions(process.argv.slice(2), Date.now());
  if (options === 'help') console.log(USAGE);
  else process.exitCode = await main(options);
} catch (error) {
  console.error(error instanceof Error && !(error instanceof TypeError) ? error.message : error);
  process.exitCode = 2;
}
