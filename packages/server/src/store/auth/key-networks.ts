import { instantArray, textArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { enterTenantOfApiKey } from './api-keys.ts';

/** A login of a key from a network. */
export interface KeyNetwork {
  apiKeyFolded: string;
  network: string;
  loggedInAtMs: number;
}

/** The most networks of a key. Those of the latest logins are kept. */
export const MOST_NETWORKS = 200;

/**
 * Statements for a pipeline that find whether a key has logged in from a network after `since`. Pass the last answer to
 * `readKeyNetwork`.
 */
export function keyNetworkLookUp(
  apiKeyFolded: string,
  network: string,
  since: Date,
): [PreparedStatement, PreparedStatement] {
  return [
    enterTenantOfApiKey(apiKeyFolded),
    {
      name: 'look up network of api key',
      text: `SELECT EXISTS (SELECT FROM api_key_networks
                            WHERE tenant_id = current_tenant_id() AND api_key_folded = $1 AND network = $2
                              AND logged_in_at > $3)`,
      values: [apiKeyFolded, network, since.toISOString()],
    },
  ];
}

/** Whether the answer of a look-up says that the key knows the network. */
export function readKeyNetwork(answer: string | undefined): boolean {
  return answer === 't';
}

/**
 * The statements that store logins of an organisation's keys, and keep the latest `MOST_NETWORKS` of each key. A row that
 * was written a few minutes ago stays as it is. They write rows in one order, so that servers do not deadlock.
 */
export function keyNetworksInsert(tenantId: string, networks: readonly KeyNetwork[]): PreparedStatement[] {
  const keys = textArray(networks.map(({ apiKeyFolded }) => apiKeyFolded));
  return [
    {
      name: 'note networks of keys',
      text: `INSERT INTO api_key_networks AS n (tenant_id, api_key_folded, network, logged_in_at)
             SELECT $1::uuid, l.api_key_folded, l.network, l.logged_in_at
             FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS l (api_key_folded, network, logged_in_at)
             WHERE current_tenant_id() = $1
             ORDER BY l.api_key_folded, l.network
             ON CONFLICT (tenant_id, api_key_folded, network) DO UPDATE SET logged_in_at = excluded.logged_in_at
             WHERE n.logged_in_at < excluded.logged_in_at - interval '5 minutes'`,
      values: [
        tenantId,
        keys,
        textArray(networks.map(({ network }) => network)),
        instantArray(networks.map(({ loggedInAtMs }) => loggedInAtMs * 1_000)),
      ],
    },
    {
      name: 'keep latest networks of keys',
      text: `DELETE FROM api_key_networks n
             USING (SELECT api_key_folded, network,
                           row_number() OVER (PARTITION BY api_key_folded ORDER BY logged_in_at DESC, network) AS place
                    FROM api_key_networks WHERE tenant_id = $1 AND api_key_folded = ANY ($2::text[])) AS r
             WHERE n.tenant_id = $1 AND n.api_key_folded = r.api_key_folded AND n.network = r.network
               AND r.place > ${MOST_NETWORKS}`,
      values: [tenantId, keys],
    },
  ];
}

/** Deletes the networks of an organisation's keys without a login since `before`. Returns how many. */
export async function pruneKeyNetworks(tx: Tx, tenantId: string, before: Date): Promise<number> {
  const { rowCount } = await tx.query(
    'DELETE FROM api_key_networks WHERE tenant_id = $1 AND logged_in_at <= $2',
    [tenantId, before],
  );
  return rowCount ?? 0;
}
