import { Database } from '../../src/store/connections/db.ts';
import { addOffice, addUser } from '../support/directory.ts';
import { type Key, superuserOf, type Workspace } from './support.ts';

/** A data directory for servers under load, with a key with All permissions and the common members of all events. */
export interface Loadable {
  dataDir: string;
  key: Key;
  event: Record<string, string>;
}

export async function prepareLoad(workspace: Workspace): Promise<Loadable> {
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
  const user = await addUser(owner, tenantId);
  await owner.close();
  await server.stop();
  return {
    dataDir,
    key,
    event: { userId: user.userId, locationId: office.placeId, locationType: 'place' },
  };
}

/** The ids, which begin with `name`, of stored events, one for each row. The database must run. */
export async function storedIds(dataDir: string, name: string): Promise<string[]> {
  const database = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  try {
    const { rows } = await database.inSystem((tx) =>
      tx.query('SELECT event_id FROM rollcall.presence_events WHERE event_id LIKE $1', [`${name} %`]),
    );
    return rows.map(({ event_id }) => event_id);
  } finally {
    await database.close();
  }
}
