import { setTimeout as delay } from 'node:timers/promises';
import { Database } from '../../src/store/connections/db.ts';
import { addOffice, addUser } from '../support/directory.ts';
import { type Key, postJson, superuserOf, type Workspace } from './support.ts';

/** A data directory for servers under load, with a key with All permissions and the common members of all events. */
export interface Loadable {
  dataDir: string;
  key: Key;
  event: Record<string, string>;
  /** Active users, as many as asked for. */
  userIds: string[];
}

export async function prepareLoad(workspace: Workspace, users = 1): Promise<Loadable> {
  const dataDir = workspace.path('data');
  const properties = ['--role', 'all', '--authentication', 'hmac', '--name', 'load'];
  const key = await workspace.json<Key>(['keys', 'create', '--data-dir', dataDir, ...properties]);
  const { server } = await workspace.start(['serve', '--data-dir', dataDir]);
  const owner = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  const { rows } = await owner.inSystem((tx) =>
    tx.query('SELECT tenant_id AS "tenantId" FROM organisations'),
  );
  const { tenantId } = rows[0];
  const office = await addOffice(owner, tenantId, 'UTC');
  const userIds: string[] = [];
  while (userIds.length < users) userIds.push((await addUser(owner, tenantId)).userId);
  await owner.close();
  await server.stop();
  const [userId = ''] = userIds;
  return { dataDir, key, event: { userId, locationId: office.placeId, locationType: 'place' }, userIds };
}

/** Rows of the database of a running server, of all organisations. */
export async function rowsOf<Row>(dataDir: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const database = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  try {
    const { rows } = await database.inSystem((tx) => tx.query(sql, values));
    return rows as Row[];
  } finally {
    await database.close();
  }
}

/** The ids, which begin with `name`, of stored events, one for each row. The database must run. */
export async function storedIds(dataDir: string, name: string): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    dataDir,
    'SELECT event_id AS id FROM rollcall.presence_events WHERE event_id LIKE $1',
    [`${name} %`],
  );
  return rows.map(({ id }) => id);
}

interface Reply {
  results: { eventId: string; resultCode: number }[];
}

/** Where sources send requests. A test changes the address when a server starts anew. */
export interface Target {
  baseUrl: string;
  token: string;
}

/** A source sends one request after the other, each of them again and again until all its events have code 0. */
export class Source {
  acknowledged = 0;
  /** A status other than 200, 500 and 503, or a refused event. */
  readonly faults: string[] = [];
  #isOver = false;
  readonly #done: Promise<void>;

  /** `bodyOf` makes the body of a request by its number, from 0. */
  constructor(target: Target, path: string, bodyOf: (turn: number) => object) {
    this.#done = this.#send(target, path, bodyOf);
  }

  /** Resolves when the last request is acknowledged. */
  stop(): Promise<void> {
    this.#isOver = true;
    return this.#done;
  }

  async #send(target: Target, path: string, bodyOf: (turn: number) => object): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const body = bodyOf(turn);
      while (!(await this.#accepts(target, path, body))) await delay(20);
      this.acknowledged++;
    }
  }

  async #accepts({ baseUrl, token }: Target, path: string, body: object): Promise<boolean> {
    try {
      const reply = await postJson(`${baseUrl}${path}`, body, token);
      const text = await reply.text();
      if (reply.status === 200) {
        const refused = (JSON.parse(text) as Reply).results.filter(({ resultCode }) => resultCode !== 0);
        if (refused.length === 0) return true;
        this.faults.push(text);
        return true;
      }
      if (![500, 503].includes(reply.status)) this.faults.push(`${reply.status} ${text}`);
    } catch {
      // The server is gone, or its connection. The same request follows when another one is there.
    }
    return false;
  }
}
