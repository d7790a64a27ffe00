import { afterAll, beforeAll, expect, test } from 'vitest';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const REQUESTS = 40;
/** Less than the size of bodies that arrive in several pieces. */
const LARGE_BYTES = 60_000;

let server: TestServer;
let site: Site;
let neighbour: Site;
beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  neighbour = await addSite(server);
  // The server has both keys in its cache, so that no look-up separates the requests below.
  expect(await Promise.all([submit(site, 0), submit(neighbour, 0)])).toEqual([200, 200]);
});
afterAll(() => server.close());

/** A submission without events. The server answers it without the database. */
async function submit(of: Site, bytes: number): Promise<number> {
  const text = '{"sourceId":"door","presenceEvents":[]}';
  const { statusCode } = await server.app.inject({
    method: 'POST',
    url: '/v1/presence/basic',
    headers: { ...of.headers, 'content-type': 'application/json' },
    payload: text.slice(0, -1).padEnd(bytes) + text.slice(-1),
  });
  return statusCode;
}

async function get(url: string, headers: Record<string, string> = {}): Promise<number> {
  return (await server.app.inject({ url, headers })).statusCode;
}

/** Many requests and one. The statuses are in the order of the answers. */
class Race {
  readonly answered: string[] = [];

  many(request: () => Promise<number>): Promise<void>[] {
    return Array.from({ length: REQUESTS }, () => this.#send('many', request));
  }

  one(request: () => Promise<number>): Promise<void> {
    return this.#send('one', request);
  }

  async #send(name: string, request: () => Promise<number>): Promise<void> {
    this.answered.push(`${name} ${await request()}`);
  }
}

test('One organisation does not wait for all earlier bodies of another one', async () => {
  const race = new Race();
  const large = race.many(() => submit(site, LARGE_BYTES));
  await Promise.all([...large, race.one(() => submit(neighbour, 0))]);
  expect(race.answered.filter((answer) => answer === 'many 200')).toHaveLength(REQUESTS);
  expect(race.answered.slice(0, REQUESTS / 2)).toContain('one 200');
});

test('No request waits for all earlier tokens to be refused', async () => {
  const race = new Race();
  const refused = race.many(() => get('/v1/analytics/users', { authorization: 'Bearer eyJ.e30.x' }));
  await Promise.race(refused);
  await Promise.all([...refused, race.one(() => get('/healthz'))]);
  expect(race.answered.filter((answer) => answer === 'many 401')).toHaveLength(REQUESTS);
  expect(race.answered.slice(0, REQUESTS / 2)).toContain('one 200');
});
