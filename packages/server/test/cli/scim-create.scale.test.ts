import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rollcall, Workspace } from './support.ts';

const CONNECTIONS = 16;
const ROUNDS = 5;
const ROUND_MS = 2_000;
const GROWTH = 3;

let workspace: Workspace;
let server: Rollcall;
let url: string;
let token: string;
beforeAll(async () => {
  workspace = await Workspace.create();
  const dataDir = workspace.path('data');
  ({ server, baseUrl: url } = await workspace.start(['serve', '--data-dir', dataDir]));
  const create = ['scim-tokens', 'create', '--name', 'load', '--data-dir', dataDir];
  ({ token } = await workspace.json<{ token: string }>(create));
});
afterAll(async () => {
  await server.stop();
  await workspace.close();
});

let created = 0;

async function createPerson(): Promise<number> {
  const name = `person.${created++}@example.com`;
  const reply = await fetch(`${url}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: name,
      externalId: name,
      emails: [{ value: name, type: 'work', primary: true }],
    }),
  });
  await reply.arrayBuffer();
  return reply.status;
}

/** Users per second that `connections` connections create, each one after the other. */
async function rateOf(connections: number): Promise<number> {
  const startedMs = performance.now();
  const counts = await Promise.all(
    Array.from({ length: connections }, async () => {
      let count = 0;
      for (; performance.now() - startedMs < ROUND_MS; count++) expect(await createPerson()).toBe(201);
      return count;
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}

test(`${CONNECTIONS} connections create ${GROWTH} times as many users as one`, async () => {
  // The first connections, and the compilation in the server, do not count.
  await rateOf(CONNECTIONS);
  const rounds: { one: number; many: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ one: await rateOf(1), many: await rateOf(CONNECTIONS) });
  }
  const ratios = rounds.map(({ one, many }) => many / one).toSorted((a, b) => a - b);
  const shown = rounds.map(({ one, many }) => `${one.toFixed(0)} and ${many.toFixed(0)}`).join(', ');
  console.log(
    `People a second on 1 and on ${CONNECTIONS} connections: ${shown}; ratios ${ratios.map((ratio) => ratio.toFixed(1))}`,
  );
  expect(ratios[Math.floor(ROUNDS / 2)]).toBeGreaterThanOrEqual(GROWTH);
});
