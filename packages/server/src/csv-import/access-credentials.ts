import { type Claims, orRefused, type UpsertItem, type UpsertResult } from '../directory/upsert.ts';
import { ItemRefusedError, quote } from '../directory/values.ts';
import { type Card, Cards, cardDigest, credentialFault } from '../ingest/cards.ts';
import { textsFault } from '../ingest/values.ts';
import type { Tx } from '../store/connections/db.ts';
import {
  listAccessCredentials,
  listCardHoldings,
  lockAccessCredentials,
  upsertAccessCredentials,
} from '../store/directory/access-credentials.ts';
import { type Resolved, resolve } from '../store/directory/directory-look-up.ts';
import { cardTextDigest } from '../store/values/digest.ts';
import { REASONS } from '../store/workday/reasons.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { optional, readBoolean, required } from './columns.ts';
import { BATCH_ROWS, type CsvKind } from './kind.ts';

interface CardItem extends UpsertItem {
  username: string;
  cardNumber: string;
  facilityCode?: string;
  active?: boolean;
  scanData?: string[];
  credentialType?: string;
}

const DEFAULT_TYPE = 'card';

export const accessCredentials: CsvKind<CardItem> = {
  word: 'access credential',
  reason: REASONS.importOfAccessCredentials,
  batchRows: BATCH_ROWS,
  nameOf: ({ cardNumber }) => cardNumber,
  upsert: upsertCards,
  columns: [
    required('username', 'The e-mail or userName of the active user who has the card', 'ada@example.com'),
    required('cardNumber', 'Identifies the card, together with facilityCode', '51E69621'),
    optional('facilityCode', 'Any text', '12'),
    optional('active', 'yes or no, true or false, 1 or 0; default for a new card: yes', 'yes', readBoolean),
    optional(
      'scanData',
      'The text that readers send for the card; a vertical bar separates several texts',
      '3A51E69621',
      (cell) => cell.split('|').map((text) => text.trim()),
    ),
    optional('credentialType', `Any text; default for a new card: ${DEFAULT_TYPE}`, DEFAULT_TYPE),
  ],
  anyOf: [],
};

/** Gives each card once to a user, as `POST /v1/access-credentials` does. The id of a result is the id of the user. */
async function upsertCards(
  tx: Tx,
  tenantId: string,
  items: CardItem[],
  author: DayAuthor,
  claims: Claims,
): Promise<UpsertResult[]> {
  const names = items.flatMap(({ username }) => (textsFault({ username }) ? [] : [username]));
  const resolved = await resolve(tx, tenantId, { namesInAnyCase: names });
  await lockAccessCredentials(tx, tenantId);
  const digests = [...new Set(items.map(cardDigest))];
  const stored = new Map(
    (await listAccessCredentials(tx, tenantId, digests)).map((row) => [row.cardDigest, row]),
  );
  const cards = new Cards(await listCardHoldings(tx, tenantId, digests));
  const results = items.map((item) =>
    orRefused((): UpsertResult => {
      const userId = findHolder(item, resolved);
      const key = cardDigest(item);
      const before = stored.get(key);
      const own = before?.userId === userId ? before : undefined;
      const card: Card = {
        cardNumber: item.cardNumber,
        facilityCode: item.facilityCode ?? null,
        active: item.active ?? own?.active ?? true,
        scanData: item.scanData ?? before?.scans.map(({ scanData }) => scanData) ?? [],
        credentialType: item.credentialType ?? before?.credentialType ?? DEFAULT_TYPE,
      };
      const fault = credentialFault(card);
      if (fault !== undefined) throw new ItemRefusedError(fault.message);
      claims.claim(
        { id: key, idGiven: true, idMember: 'cardNumber', nameMember: 'cardNumber', name: card.cardNumber },
        { origin: item.origin, changes: true },
      );
      if (own && isSame(card, own)) return { id: userId, result: 'unchanged' };
      const failure = cards.apply(userId, card);
      if (failure !== undefined)
        throw new ItemRefusedError(`cardNumber ${quote(card.cardNumber)}: ${failure.message}`);
      return { id: userId, result: before ? 'updated' : 'created' };
    }),
  );
  await upsertAccessCredentials(tx, tenantId, { updatedAt: author.at, rows: cards.changed });
  return results;
}

/** Throws `ItemRefusedError` if the row identifies no user. */
function findHolder({ username, cardNumber }: CardItem, resolved: Resolved): string {
  const fault = textsFault({ username, cardNumber });
  if (fault !== undefined) throw new ItemRefusedError(fault.message);
  const user = resolved.userByNameInAnyCase(username);
  if (user) return user.userId;
  throw new ItemRefusedError(
    `username ${quote(username)} matches no active user, or matches several users without regard to case`,
  );
}

function isSame(
  card: Card,
  stored: { active: boolean; credentialType: string; scans: { scanDigest: string }[] },
): boolean {
  const scans = new Set(stored.scans.map(({ scanDigest }) => scanDigest));
  const said = new Set(card.scanData.filter((text) => text !== '').map(cardTextDigest));
  return (
    card.active === stored.active &&
    card.credentialType === stored.credentialType &&
    said.size === scans.size &&
    [...said].every((digest) => scans.has(digest))
  );
}
