import type { TestServer } from './server.ts';

export type Json = Record<string, unknown>;

export interface BulkResult {
  id: string | null;
  result: 'created' | 'updated' | 'unchanged' | 'refused';
  message: string;
}

export type ManageClient = Awaited<ReturnType<typeof manageClient>>;

/** A client of the management of an organisation. Without `given`, the organisation is new. */
export async function manageClient(server: TestServer, given?: string) {
  const tenantId = given ?? (await server.organisation());
  const key = await server.key(tenantId);
  const authorization = `Bearer ${await server.token(key)}`;
  const send = (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    payload?: object,
    headers: Record<string, string> = {},
  ) =>
    server.app.inject({
      method,
      url: `/v1/manage/${path}`,
      headers: { authorization, ...headers },
      ...(payload && { payload }),
    });
  const body = async (reply: ReturnType<typeof send>) => {
    const { statusCode, body: text } = await reply;
    if (statusCode !== 200) throw new Error(`${statusCode} ${text}`);
    return JSON.parse(text);
  };
  const bulk = async (path: string, items: object[]): Promise<BulkResult[]> =>
    (await body(send('POST', path, { items }))).results;
  return {
    tenantId,
    apiKey: key.apiKey,
    authorization,
    send,
    bulk,
    get: (path: string): Promise<Json> => body(send('GET', path)),
    patch: (path: string, change: object): Promise<Json> => body(send('PATCH', path, change)),
    put: (path: string, change: object): Promise<Json> => body(send('PUT', path, change)),
    /** The items of the first page. */
    list: async (path: string): Promise<Json[]> => (await body(send('GET', path))).items,
    /** Creates one item. Returns its id. */
    make: async (path: string, item: object): Promise<string> => {
      const [result] = await bulk(path, [item]);
      if (!result?.id) throw new Error(result?.message);
      return result.id;
    },
    /** The results of a bulk call in short form. A refusal is its reason. */
    outcomes: async (path: string, items: object[]): Promise<string[]> =>
      (await bulk(path, items)).map(({ result, message }) => (result === 'refused' ? message : result)),
  };
}

/** Creates the office London through management, with a level L3, a zone North and a desk N1. */
export async function makeLondon(client: ManageClient, timeZone = 'Europe/London') {
  const locationId = await client.make('locations', { locationName: 'London', timeZone });
  const levelId = await client.make('levels', { levelName: 'L3', locationId });
  const zoneId = await client.make('zones', { zoneName: 'North', levelId });
  const deskId = await client.make('desks', { deskName: 'N1', zoneId });
  return { locationId, levelId, zoneId, deskId };
}
