import { type Static, Type } from 'typebox';
import { textFault } from '../http/text.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { deriveGroups } from '../store/directory/derived-groups.ts';
import { loadUserMatcher } from '../store/directory/directory-look-up.ts';
import { getDirectorySettings } from '../store/directory/directory-settings.ts';
import { type AttributePatch, type AttributeValue, mergeAttributes } from '../store/directory/users.ts';
import { orRefused } from './upsert.ts';
import { ItemRefusedError, quote } from './values.ts';

const USERS_PER_CALL = 1_000;

export const UserAttributes = Type.Object({
  userAttributes: Type.Array(
    Type.Object({
      userName: Type.String({
        description: 'exact e-mail or userName, else a unique match without regard to case',
      }),
      attributes: Type.Record(
        Type.String(),
        Type.Unknown({ description: 'string, number or boolean; null removes the attribute' }),
        { description: 'merged into what is stored' },
      ),
    }),
    { maxItems: USERS_PER_CALL },
  ),
});
export type UserAttributes = Static<typeof UserAttributes>;
type UserItem = UserAttributes['userAttributes'][number];

const UserResult = Type.Object({
  userName: Type.String(),
  resultCode: Type.Integer({ description: '0 stored, 1 user not found, 3 not acceptable' }),
  message: Type.String(),
});
export type UserResult = Static<typeof UserResult>;

export const UserAttributesReply = Type.Object({
  timestamp: Type.String({ format: 'date-time', description: "the server's time" }),
  results: Type.Array(UserResult, { description: 'one per user, in the order of the request' }),
});

/** The codes of events: 0 to 2 are the vendor's, 3 is Rollcall's. */
const RESULT = { stored: 0, userNotFound: 1, notAcceptable: 3 } as const;

/**
 * Merges attributes into the attributes of users, item by item, and derives their groups anew. An item that is not
 * acceptable, or whose user is not found, stops no other. Results are in the order of `items`.
 */
export async function storeAttributes(
  tx: Tx,
  tenantId: string,
  items: UserItem[],
  at: Date,
): Promise<UserResult[]> {
  const drafts = items.map((item) => ({ userName: item.userName, judged: orRefused(() => judge(item)) }));
  await lockDirectory(tx, tenantId);
  const matcher = await loadUserMatcher(
    tx,
    tenantId,
    drafts.flatMap(({ userName, judged }) => ('refused' in judged ? [] : [userName])),
  );
  const patches = new Map<string, AttributePatch>();
  const results = drafts.map(({ userName, judged }) => {
    if ('refused' in judged) return { userName, resultCode: RESULT.notAcceptable, message: judged.refused };
    const match = matcher.match(userName);
    if (!('userId' in match)) {
      return { userName, resultCode: RESULT.userNotFound, message: whyNobody(match.candidates) };
    }
    const patch: AttributePatch = patches.get(match.userId) ?? new Map();
    for (const [name, value] of judged) patch.set(name, value);
    patches.set(match.userId, patch);
    return { userName, resultCode: RESULT.stored, message: 'Success' };
  });
  if (patches.size > 0) {
    await mergeAttributes(tx, tenantId, patches, at);
    await deriveGroups(tx, tenantId, await getDirectorySettings(tx, tenantId), [...patches.keys()]);
  }
  return results;
}

function judge({ userName, attributes }: UserItem): [name: string, value: AttributeValue | null][] {
  const fault = textFault(userName);
  if (fault) throw new ItemRefusedError(`userName ${quote(userName)} ${fault}`);
  return Object.entries(attributes)
    .filter(([name]) => name !== UNKNOWN_MEMBER)
    .map(([name, value]) => [name, judgeValue(name, value)]);
}

/**
 * The JSON parser drops some members of this name, namely the dangerous ones. Ignoring all of them makes the answer
 * independent of the value.
 */
const UNKNOWN_MEMBER = 'constructor';

function judgeValue(name: string, value: unknown): AttributeValue | null {
  const nameFault = name === '' ? 'is empty' : textFault(name);
  if (nameFault) throw new ItemRefusedError(`attributes: the name ${quote(name)} ${nameFault}`);
  const fault = valueFault(value);
  if (fault) throw new ItemRefusedError(`attributes: ${quote(name)} ${fault}`);
  return value as AttributeValue | null;
}

function valueFault(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return textFault(value);
  if (typeof value !== 'number') return 'must be a string, a number or a boolean';
  // Beyond these, the JSON parser has already lost digits: the server would store another id.
  if (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)) return undefined;
  return 'is a number too large to be kept exactly; send it as a string';
}

function whyNobody(candidates: number): string {
  return candidates === 0
    ? 'userName: no active user matches'
    : `userName: ${candidates} active users match without regard to case, and none exactly`;
}
