import type { ApiKeyBindings, ApiKeyRole } from '../store/auth/api-keys.ts';
import type { Tx } from '../store/connections/db.ts';
import { listNodesById } from '../store/directory/nodes.ts';
import { parseGuid } from '../store/values/guid.ts';
import { MOST_ALLOWED_NETWORKS, readNetwork } from './allowed-networks.ts';

/** The most offices of a key. */
export const MOST_KEY_OFFICES = 500;

/** What is wrong with a binding. */
export interface BindingFault {
  /** Such as `networks/0`. */
  member: string;
  /** The rest of a sentence about the member. */
  fault: string;
}

type Bindings = Omit<ApiKeyBindings, 'expiresAt'>;

/** The bindings of a key as they are stored, each once; or the first fault. The transaction has entered the organisation. */
export async function readBindings(
  tx: Tx,
  { tenantId, role }: { tenantId: string; role: ApiKeyRole },
  { networks, locationIds }: Bindings,
): Promise<Bindings | BindingFault> {
  const read = networks && readNetworks(networks);
  if (read && 'fault' in read) return read;
  const offices = locationIds && (await readOffices(tx, { tenantId, role }, locationIds));
  if (offices && 'fault' in offices) return offices;
  return { networks: read, locationIds: offices };
}

function readNetworks(texts: readonly string[]): string[] | BindingFault {
  if (texts.length === 0 || texts.length > MOST_ALLOWED_NETWORKS) {
    return {
      member: 'networks',
      fault: `must have 1 to ${MOST_ALLOWED_NETWORKS} networks; null stands for any network`,
    };
  }
  const networks = new Set<string>();
  for (const [index, text] of texts.entries()) {
    const read = readNetwork(text);
    if ('fault' in read) return { member: `networks/${index}`, fault: read.fault };
    networks.add(read.network);
  }
  return [...networks];
}

async function readOffices(
  tx: Tx,
  { tenantId, role }: { tenantId: string; role: ApiKeyRole },
  texts: readonly string[],
): Promise<string[] | BindingFault> {
  const member = 'locationIds';
  if (role === 'all') {
    return { member, fault: 'is not for keys with the role all, which reach what belongs to no office' };
  }
  if (texts.length === 0 || texts.length > MOST_KEY_OFFICES) {
    return { member, fault: `must have 1 to ${MOST_KEY_OFFICES} offices; null stands for all offices` };
  }
  const ids = texts.map(parseGuid);
  const known = ids.filter((id) => id !== undefined);
  const nodes = await listNodesById(tx, tenantId, known);
  const offices = new Set(nodes.filter(({ kind }) => kind === 'location').map(({ nodeId }) => nodeId));
  const unknown = ids.findIndex((id) => id === undefined || !offices.has(id));
  return unknown === -1
    ? [...new Set(known)]
    : { member: `${member}/${unknown}`, fault: 'is not the id of an office' };
}
