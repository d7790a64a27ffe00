import type { Static } from 'typebox';
import { Type } from 'typebox';
import type { Caller } from '../auth/guard.ts';
import { Maybe } from '../http/schema.ts';
import type { Database } from '../store/connections/db.ts';
import {
  listCardHoldings,
  lockAccessCredentials,
  upsertAccessCredentials,
} from '../store/directory/access-credentials.ts';
import { type Resolved, resolve } from '../store/directory/directory-look-up.ts';
import { Cards, cardDigest, credentialFault } from './cards.ts';
import type { RefusedEventInput, RefusedEventLog } from './refused-event-log.ts';
import { RESULT } from './results.ts';
import { textsFault } from './values.ts';

export const CREDENTIAL_UPDATES_PER_CALL = 100;

export const AccessCredential = Type.Object({
  active: Type.Boolean(),
  cardNumber: Type.String({ description: 'with facilityCode, identifies the card' }),
  facilityCode: Maybe(Type.String({ description: 'absent and empty are the same' })),
  scanData: Type.Array(Type.String(), { description: 'texts that readers send when they read the card' }),
  credentialType: Type.String({ description: 'any text' }),
});
export type AccessCredential = Static<typeof AccessCredential>;

export const AccessCredentialUpdate = Type.Object({
  username: Type.String({ description: 'e-mail or userName; exact, else the only one that differs by case' }),
  updateId: Type.String({ description: 'any text; echoed' }),
  credentials: Type.Array(AccessCredential, {
    description: 'cards that are not among these stay as they are',
  }),
});
export type AccessCredentialUpdate = Static<typeof AccessCredentialUpdate>;

export const AccessCredentialSubmission = Type.Object({
  data: Type.Array(AccessCredentialUpdate, { maxItems: CREDENTIAL_UPDATES_PER_CALL }),
});
export type AccessCredentialSubmission = Static<typeof AccessCredentialSubmission>;

const CardResult = Type.Object({
  cardNumber: Type.String(),
  facilityCode: Maybe(Type.String({ description: 'as it was sent' })),
  result: Type.String({ enum: ['OK', 'CARD_UPDATE_FAILED'] }),
  message: Type.String(),
});
type CardResult = Static<typeof CardResult>;

export const AccessCredentialUpdateResult = Type.Object({
  updateId: Type.String(),
  result: Type.String({ enum: ['OK', 'PARTIAL_UPDATE', 'CARD_UPDATE_FAILED', 'USER_NOT_FOUND'] }),
  message: Type.String(),
  results: Type.Array(CardResult, { description: 'one per card, in the order of the update' }),
});
export type AccessCredentialUpdateResult = Static<typeof AccessCredentialUpdateResult>;

/** The reply to one update is its result alone, as the vendor documents. The reply to none or several is an array. */
export const AccessCredentialReply = Type.Union([
  AccessCredentialUpdateResult,
  Type.Array(AccessCredentialUpdateResult),
]);
export type AccessCredentialReply = Static<typeof AccessCredentialReply>;

interface Deps {
  database: Database;
  refusals: RefusedEventLog;
  clock: () => number;
}

/**
 * Activates and deactivates cards in one transaction, each card on its own, in the order of the request. It keeps
 * refused updates and cards in the same transaction. Throws `StoreUnavailableError`: then nothing was stored, or all
 * of it was, and the caller may send it again.
 */
export async function updateAccessCredentials(
  { caller, updates }: { caller: Caller; updates: AccessCredentialUpdate[] },
  { database, refusals, clock }: Deps,
): Promise<AccessCredentialReply> {
  if (updates.length === 0) return [];
  const faults = updates.map(({ username, updateId }) => textsFault({ username, updateId }));
  const results = await database.inTenant(caller.tenantId, async (tx) => {
    const { tenantId } = caller;
    const resolved = await resolve(tx, tenantId, {
      namesInAnyCase: updates.flatMap(({ username }, index) =>
        faults[index] === undefined ? [username] : [],
      ),
    });
    await lockAccessCredentials(tx, tenantId);
    const cards = new Cards(await listCardHoldings(tx, tenantId, digestsOf(updates)));
    const results = updates.map((update, index) => applyUpdate(update, faults[index], { resolved, cards }));
    await upsertAccessCredentials(tx, tenantId, { updatedAt: new Date(clock()), rows: cards.changed });
    const refused = updates.flatMap((update, index) => refusedOf(update, results[index]));
    await refusals.record(tx, caller, 'access-credentials', refused);
    return results;
  });
  const [only] = results;
  return only && results.length === 1 ? only : results;
}

function digestsOf(updates: AccessCredentialUpdate[]): string[] {
  const digests = updates.flatMap(({ credentials }) => credentials.map(cardDigest));
  return [...new Set(digests)];
}

function applyUpdate(
  { username, updateId, credentials }: AccessCredentialUpdate,
  fault: string | undefined,
  { resolved, cards }: { resolved: Resolved; cards: Cards },
): AccessCredentialUpdateResult {
  const user = fault === undefined ? resolved.userByNameInAnyCase(username) : undefined;
  if (!user) {
    const message = fault ?? 'username: no active user has it, or several have it in another case';
    const results = credentials.map((credential) => cardResult(credential, 'the user was not found'));
    return { updateId, result: 'USER_NOT_FOUND', message, results };
  }
  const results = credentials.map((credential) =>
    cardResult(credential, credentialFault(credential) ?? cards.apply(user.userId, credential)),
  );
  const failed = results.filter(({ result }) => result !== 'OK').length;
  if (failed === 0) return { updateId, result: 'OK', message: 'Success', results };
  const message = `${failed} of ${results.length} cards could not be updated`;
  return {
    updateId,
    result: failed < results.length ? 'PARTIAL_UPDATE' : 'CARD_UPDATE_FAILED',
    message,
    results,
  };
}

function cardResult({ cardNumber, facilityCode }: AccessCredential, failure: string | undefined): CardResult {
  return {
    cardNumber,
    ...(facilityCode === undefined ? {} : { facilityCode }),
    result: failure === undefined ? 'OK' : 'CARD_UPDATE_FAILED',
    message: failure ?? 'Success',
  };
}

/** The refused parts of an update: all of it, or each card that failed. */
function refusedOf(
  update: AccessCredentialUpdate,
  outcome: AccessCredentialUpdateResult | undefined,
): RefusedEventInput[] {
  if (!outcome) return [];
  const refused = { sourceId: undefined, eventId: update.updateId };
  if (outcome.result === 'USER_NOT_FOUND') {
    const reason = `${outcome.result}: ${outcome.message}`;
    return [{ ...refused, resultCode: RESULT.userNotFound, reason, event: update }];
  }
  return outcome.results.flatMap(({ result, message }, index) => {
    if (result === 'OK') return [];
    const event = { ...update, credentials: [update.credentials[index]] };
    return [{ ...refused, resultCode: RESULT.notAcceptable, reason: `${result}: ${message}`, event }];
  });
}
