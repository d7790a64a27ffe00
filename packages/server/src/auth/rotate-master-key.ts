import { setTimeout as delay } from 'node:timers/promises';
import { auditKeyContext } from '../store/audit/keys.ts';
import {
  countSealedPrivateKeys,
  countSealedSecrets,
  KEY_TABLES,
  listRunningServers,
  lockPrivateKeysOfOtherKeys,
  lockSecretsOfOtherKeys,
  type RunningServer,
  replaceSealedPrivateKey,
  replaceSealedSecrets,
} from '../store/auth/sealed-values.ts';
import type { Database } from '../store/connections/db.ts';
import { listOrganisations } from '../store/directory/organisations.ts';
import {
  announceMasterKeys,
  beginMasterKeyRotation,
  endMasterKeyRotation,
  findMasterKeyChecks,
} from '../store/schema/instance.ts';
import { secretContext } from './api-key.ts';
import { checkOf, type MasterKeys } from './master-keys.ts';
import { type MasterKey, MasterKeyError } from './secrets.ts';
import { signingKeyContext } from './signing-keys.ts';

/** Keys that are sealed anew in one transaction. */
const KEYS_PER_TRANSACTION = 100;
const POLL_MS = 250;
/** How long a rotation waits for servers, in polls. */
const MOST_POLLS = 120;
/** Servers are told once in so many polls. */
const POLLS_PER_NOTICE = 4;

export interface RotationDeps {
  /** Connects as the owner. */
  owner: Database;
  masterKeys: MasterKeys;
  /** Called with the number of sealed values that are done, and of all that were to do. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Makes the next of the master keys the current one, and seals everything anew with it. If an earlier rotation did not
 * finish, finishes that one. Servers go on serving. Returns the number of values that it sealed anew.
 *
 * First it waits until every server has the next key: nothing changes before. Then the database names the next key as the
 * current one, servers seal with it, and this process seals the older values anew, 100 keys in a transaction. It can be killed at any
 * point, because every process has both keys until the end.
 *
 * Throws `MasterKeyError` if there is no next key, or if a server does not get it within 30 seconds.
 */
export async function rotateMasterKey(deps: RotationDeps): Promise<number> {
  const { owner, masterKeys } = deps;
  const { former } = await owner.inSystem(findMasterKeyChecks);
  let sealed = 0;
  if (!former) {
    const { current, next } = masterKeys;
    if (!next) {
      // A server may have sealed something with the former key before it heard of the rotation.
      sealed = await sealAnew(current, deps);
      if (sealed > 0) return sealed;
      throw new MasterKeyError(
        'There is no new master key. If a former one is still there, remove it first with "rollcall master-key remove-old".',
      );
    }
    const haveBoth = (ids: string[]) => ids.includes(current.id) && ids.includes(next.id);
    await untilServers(owner, haveBoth, `the master key ${current.id} or the new one ${next.id}`);
    await masterKeys.reload(await owner.inSystem(findMasterKeyChecks));
    if (!masterKeys.keys.some(({ id }) => id === next.id)) {
      throw new MasterKeyError(
        `The source of the master key lost the new key ${next.id} meanwhile; repeat the command.`,
      );
    }
    await owner.inSystem((tx) => beginMasterKeyRotation(tx, checkOf(next)));
  }
  masterKeys.adopt(await owner.inSystem(findMasterKeyChecks));
  const { current } = masterKeys;
  await untilServers(
    owner,
    ([sealing]) => sealing === current.id,
    `the master key ${current.id}, or do not seal with it`,
  );
  for (let done = -1; done !== 0; sealed += done) done = await sealAnew(current, deps);
  await owner.inSystem(endMasterKeyRotation);
  return sealed;
}

/** What the database and its servers say of the master keys. */
export interface MasterKeyStatus {
  /** Whether a rotation is not finished. */
  isRotating: boolean;
  /** How many values each key has sealed, by its id; '' for older values that do not name their key. */
  sealed: Map<string, number>;
  servers: RunningServer[];
}

/** Reads the status of the master keys. */
export async function masterKeyStatus(owner: Database): Promise<MasterKeyStatus> {
  const { former } = await owner.inSystem(findMasterKeyChecks);
  return {
    isRotating: former !== undefined,
    sealed: await countSealed(owner),
    servers: await owner.inSystem(listRunningServers),
  };
}

/** Tells servers to read their keys again. */
export function announceNewKeys(owner: Database): Promise<void> {
  return owner.inSystem(announceMasterKeys);
}

/** Seals everything with `key` that another of the master keys has sealed; returns the number of values. */
async function sealAnew(key: MasterKey, { owner, masterKeys, onProgress }: RotationDeps): Promise<number> {
  const counts = await countSealed(owner);
  counts.delete(key.id);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let done = 0;
  const reseal = (sealed: Buffer, context: string): Buffer => {
    done++;
    return key.seal(masterKeys.open(sealed, context), context);
  };
  if (total === 0) return 0;
  await owner.inSystem(async (tx) => {
    for (const table of KEY_TABLES) {
      const contextOf = table === 'signing_keys' ? signingKeyContext : auditKeyContext;
      for (const { kid, privateKeySealed } of await lockPrivateKeysOfOtherKeys(tx, table, key.id)) {
        await replaceSealedPrivateKey(tx, table, kid, reseal(privateKeySealed, contextOf(kid)));
      }
    }
  });
  for (const { tenantId } of await owner.inSystem(listOrganisations)) {
    for (let count = -1; count !== 0; ) {
      count = await owner.inTenant(tenantId, async (tx) => {
        const rows = await lockSecretsOfOtherKeys(tx, tenantId, key.id, KEYS_PER_TRANSACTION);
        const resealed = rows.map(({ apiKeyFolded, secretSealed, previousSecretSealed }) => {
          const context = secretContext(tenantId, apiKeyFolded);
          return {
            apiKeyFolded,
            secretSealed: reseal(secretSealed, context),
            previousSecretSealed: previousSecretSealed && reseal(previousSecretSealed, context),
          };
        });
        if (resealed.length > 0) await replaceSealedSecrets(tx, tenantId, resealed);
        return resealed.length;
      });
      onProgress?.(Math.min(done, total), total);
    }
  }
  return done;
}

async function countSealed(owner: Database): Promise<Map<string, number>> {
  const all = await owner.inSystem(countSealedPrivateKeys);
  for (const { tenantId } of await owner.inSystem(listOrganisations)) {
    for (const [keyId, count] of await owner.inTenant(tenantId, (tx) => countSealedSecrets(tx, tenantId))) {
      all.set(keyId, (all.get(keyId) ?? 0) + count);
    }
  }
  return all;
}

/** Waits until `isReady` holds for the keys of every server. Throws `MasterKeyError` that says which servers lack `what`. */
async function untilServers(
  owner: Database,
  isReady: (masterKeyIds: string[]) => boolean,
  what: string,
): Promise<void> {
  for (let poll = 0; ; poll++) {
    const servers = await owner.inSystem(listRunningServers);
    const late = servers.filter(({ masterKeyIds }) => !isReady(masterKeyIds));
    if (late.length === 0) return;
    if (poll === MOST_POLLS) {
      const where = [...new Set(late.map(({ address }) => address ?? 'this machine'))].join(', ');
      throw new MasterKeyError(
        `${late.length} of ${servers.length} servers (${where}) lack ${what}; give them the key, restart those that cannot read it again, and repeat the command.`,
      );
    }
    if (poll % POLLS_PER_NOTICE === 0) await announceNewKeys(owner);
    await delay(POLL_MS);
  }
}
