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
import { type Fault, RESULT } from './refusal-causes.ts';
import type { RefusalKeeper, RefusedEventInput } from './refused-event-log.ts';
import type { ActivityCounter } from './source-activity.ts';
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
  refusals: RefusalKeeper;
  activity: ActivityCounter;
  clock: () => number;
}

/**
 * Activates and deactivates cards in one transaction, each card on its own, in the order of the request. It keeps
 * refused updates and cards in the same transaction. Throws `StoreUnavailableError`: then nothing was stored, or all
 * of it was, and the caller may send it again.
 */
export async function updateAccessCredentials(
  batch: { caller: Caller; updates: AccessCredentialUpdate[] },
  deps: Deps,
): Promise<AccessCredentialReply> {
  const results = (await applyUpdates(batch, deps)).map(({ result }) => result);
  const [only] = results;
  return only && results.length === 1 ? only : results;
}

/** As `updateAccessCredentials`. Returns the result of each update with its refused parts, in order. */
export async function applyUpdates(
  { caller, updates }: { caller: Caller; updates: AccessCredentialUpdate[] },
  { database, refusals, activity, clock }: Deps,
): Promise<AppliedUpdate[]> {
  if (updates.length === 0) return [];
  const nowMs = clock();
  const faults = updates.map(({ username, updateId }) => textsFault({ username, updateId }));
  const applied = await database.inTenant(caller.tenantId, async (tx) => {
    const { tenantId } = caller;
    const resolved = await resolve(tx, tenantId, {
      namesInAnyCase: updates.flatMap(({ username }, index) =>
        faults[index] === undefined ? [username] : [],
      ),
    });
    await lockAccessCredentials(tx, tenantId);
    const cards = new Cards(await listCardHoldings(tx, tenantId, digestsOf(updates)));
    const applied = updates.map((update, index) => applyUpdate(update, faults[index], { resolved, cards }));
    await upsertAccessCredentials(tx, tenantId, { updatedAt: new Date(nowMs), rows: cards.changed });
    const refused = applied.flatMap((each) => each.refused);
    await refusals.record(tx, caller, 'access-credentials', refused);
    return applied;
  });
  const refused = applied.filter((each) => each.refused.length > 0).length;
  const causes = applied.flatMap((each) => each.refused.slice(0, 1).map(({ cause }) => cause));
  const counts = { accepted: applied.length - refused, refused, causes };
  activity.note(caller.tenantId, { endpoint: 'access-credentials', sourceId: '', ...counts, atMs: nowMs });
  return applied;
}

/** What became of an update. */
export interface AppliedUpdate {
  result: AccessCredentialUpdateResult;
  /** The refused parts of the update: all of it, or each card that failed. */
  refused: RefusedEventInput[];
}

function digestsOf(updates: AccessCredentialUpdate[]): string[] {
  const digests = updates.flatMap(({ credentials }) => credentials.map(cardDigest));
  return [...new Set(digests)];
}

function applyUpdate(
  update: AccessCredentialUpdate,
  fault: Fault | undefined,
  { resolved, cards }: { resolved: Resolved; cards: Cards },
): AppliedUpdate {
  const { username, updateId, credentials } = update;
  const user = fault === undefined ? resolved.userByNameInAnyCase(username) : undefined;
  if (!user) {
    const { cause, message } = fault ?? UNKNOWN_USER;
    const results = credentials.map((credential) => cardResult(credential, 'the user was not found'));
    const result = { updateId, result: 'USER_NOT_FOUND' as const, message, results };
    return { result, refused: [refusedPart(update, RESULT.userNotFound, { result, cause })] };
  }
  const faults = credentials.map((card) => credentialFault(card) ?? cards.apply(user.userId, card));
  const results = credentials.map((card, index) => cardResult(card, faults[index]?.message));
  const refused = credentials.flatMap((card, index) => {
    const [result, cardFault] = [results[index], faults[index]];
    if (!result || !cardFault) return [];
    const part = { ...update, credentials: [card] };
    return [refusedPart(part, RESULT.notAcceptable, { result, cause: cardFault.cause })];
  });
  return { result: { updateId, ...summaryOf(results, refused.length), results }, refused };
}

const UNKNOWN_USER: Fault = {
  cause: 'unknownUser',
  message: 'username: no active user has it, or several have it in another case',
};

function summaryOf(
  results: CardResult[],
  failed: number,
): Pick<AccessCredentialUpdateResult, 'result' | 'message'> {
  if (failed === 0) return { result: 'OK', message: 'Success' };
  return {
    result: failed < results.length ? 'PARTIAL_UPDATE' : 'CARD_UPDATE_FAILED',
    message: `${failed} of ${results.length} cards could not be updated`,
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

function refusedPart(
  event: AccessCredentialUpdate,
  resultCode: number,
  { result, cause }: { result: { result: string; message: string }; cause: Fault['cause'] },
): RefusedEventInput {
  const reason = `${result.result}: ${result.message}`;
  return { sourceId: undefined, eventId: event.updateId, resultCode, cause, reason, event };
}
