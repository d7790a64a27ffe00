import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { lockUsers } from '../store/directory/users.ts';
import { CHANGES_OF_OTHERS } from '../store/privacy/day-categories.ts';
import { type ErasedRows, type Erasure, findErasure, insertErasure } from '../store/privacy/erasures.ts';
import { REFUSED_EVENTS, VISITS } from '../store/privacy/event-categories.ts';
import { findPerson, type Person } from '../store/privacy/person.ts';
import {
  closeUser,
  type LogPosition,
  listAccountsNamed,
  readLogSlice,
  removeAccounts,
} from '../store/privacy/person-erasure.ts';
import { CATEGORIES, countPersonRows } from '../store/privacy/person-rows.ts';
import { type RefusedPosition, readRefusedSlice } from '../store/privacy/refused-rows.ts';
import { listNames, termsOf } from '../store/privacy/terms.ts';
import { findDaysOfVisits, findVisitsOf, type Naming } from '../store/privacy/visitor-erasure.ts';
import { type DayAuthor, freeFutureBookings } from '../workday/plan.ts';
import { slicesOf } from './day-slices.ts';
import { isRefusedOf } from './refused-events.ts';

/** The person is the last administrator of the organisation, which would have nobody to sign in. */
export class LastAdministratorError extends Error {}

/** Who asked for an erasure, as the author of changes of days, and by the id of the key or account. */
export type ErasureAuthor = DayAuthor & { by: string };

/**
 * Requests the erasure of a user: the user is inactive from now on, without bookings ahead, week plan, leave and desk, and
 * cannot sign in. Nobody can change the user any more. `note` joins the transaction. The job `erase` does the rest. Undefined if
 * there is no such user. Throws `LastAdministratorError`.
 */
export async function requestErasure(
  database: Database,
  tenantId: string,
  userId: string,
  author: ErasureAuthor,
  note: (tx: Tx) => Promise<unknown> = async () => undefined,
): Promise<Erasure | undefined> {
  return inTenantWithRetries(database, tenantId, async (tx) => {
    await lockDirectory(tx, tenantId);
    const [person, requested] = [
      await findPerson(tx, tenantId, userId),
      await findErasure(tx, tenantId, userId),
    ];
    // A user who was erased, and whom a restore has brought back, is erased again.
    if (!person || (requested && requested.finishedAt === null)) return requested;
    const { accounts, hasLastAdministrator } = await removeAccounts(tx, person.names);
    if (hasLastAdministrator) throw new LastAdministratorError();
    const names = await listNames(tx, tenantId, person, accounts);
    const closed = await endDaysAhead(tx, tenantId, userId, author);
    const rows = { account: accounts.length, ...closed };
    await insertErasure(tx, { userId, at: author.at, by: author.by, names, rows });
    await note(tx);
    return findErasure(tx, tenantId, userId);
  });
}

/** Makes a user inactive, and deletes what is ahead: bookings, plans, week plan, leave and desk. Needs the directory lock. */
export async function endDaysAhead(
  tx: Tx,
  tenantId: string,
  userId: string,
  author: DayAuthor,
): Promise<ErasedRows> {
  await lockUsers(tx, tenantId, [userId]);
  await freeFutureBookings(tx, tenantId, [userId], author);
  return closeUser(tx, tenantId, userId, author.at);
}

/** An erasure as the API shows it. */
export function toState({ requestedAt, requestedBy, finishedAt, rows }: Erasure) {
  return {
    requestedAt: requestedAt.toISOString(),
    requestedBy,
    finishedAt: finishedAt?.toISOString() ?? null,
    rows,
  };
}

/** A user, and the erasure. Undefined if there was never such a user. */
export async function findErasureOf(
  database: Database,
  tenantId: string,
  userId: string,
): Promise<{ person: Person | undefined; erasure: Erasure | undefined } | undefined> {
  const [person, erasure] = await database.inTenant(tenantId, async (tx) => [
    await findPerson(tx, tenantId, userId),
    await findErasure(tx, tenantId, userId),
  ]);
  return person || erasure ? { person, erasure } : undefined;
}

/** The rows of a category that are held about a person, and what an erasure does to them. */
export interface HeldRows {
  name: string;
  title: string;
  rows: number;
  /** Rows under a pseudonym that the database knows. They are not among `rows`, and stay. */
  pseudonymRows: number;
  erasure: string;
}

/** Counts the rows of each category that an erasure of a person concerns, for `Database.stream`. It takes as long as an export. */
export async function* countHeldRows(
  tx: Tx,
  tenantId: string,
  person: Person,
): AsyncGenerator<HeldRows, void> {
  const keys = { ...person, tenantId };
  const naming = {
    person,
    names: await listNames(tx, tenantId, person, await listAccountsNamed(tx, person.names)),
  };
  for (const category of CATEGORIES) {
    const count = COUNTED_BY_TEXTS[category.name];
    const counted = count
      ? { rows: await count(tx, tenantId, naming), pseudonymRows: 0 }
      : await countPersonRows(tx, category, keys);
    const { name, title, erasure } = category;
    yield { name, title, ...counted, erasure };
  }
}

/** Categories of which an erasure also finds rows by texts that name the person. */
const COUNTED_BY_TEXTS: Readonly<
  Record<string, (tx: Tx, tenantId: string, naming: Naming) => Promise<number>>
> = {
  [VISITS.name]: countVisitsOf,
  [REFUSED_EVENTS]: countRefusedOf,
  [CHANGES_OF_OTHERS]: countChangesOf,
};

async function countRefusedOf(tx: Tx, tenantId: string, { person, names }: Naming): Promise<number> {
  const isOfPerson = isRefusedOf(person, names, termsOf(person, names));
  let refused = 0;
  let after: RefusedPosition | undefined;
  do {
    const { rows, next } = await readRefusedSlice(tx, tenantId, { after });
    refused += rows.filter(isOfPerson).length;
    after = next;
  } while (after);
  return refused;
}

async function countChangesOf(tx: Tx, tenantId: string, naming: Naming): Promise<number> {
  let changes = 0;
  let after: LogPosition | undefined;
  do {
    const { found, next } = await readLogSlice(tx, tenantId, { ...naming, after });
    changes += found.filter(({ isOfOther }) => isOfOther).length;
    after = next;
  } while (after);
  return changes;
}

async function countVisitsOf(tx: Tx, tenantId: string, naming: Naming): Promise<number> {
  const window = await findDaysOfVisits(tx, tenantId, null);
  let visits = 0;
  for (const slice of window ? slicesOf(window) : [])
    visits += (await findVisitsOf(tx, tenantId, naming, slice)).length;
  return visits;
}
