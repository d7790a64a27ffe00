import type { FastifyBaseLogger } from 'fastify';
import { forgetAuditAccounts, forgetAuditSubjects } from '../store/audit/subjects.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { outlastReadersOfNodes } from '../store/directory/readers-of-nodes.ts';
import { lockUsers } from '../store/directory/users.ts';
import {
  countErased,
  type ErasedRows,
  type Erasure,
  findErasure,
  finishErasure,
  insertErasure,
  listPendingErasures,
} from '../store/privacy/erasures.ts';
import { REFUSED_EVENTS } from '../store/privacy/event-categories.ts';
import { findPerson, type Person } from '../store/privacy/person.ts';
import {
  clearLogSlice,
  clearRefusedEvents,
  clearVisits,
  closeUser,
  deletePerson,
  deleteRefusedEvents,
  type LogPosition,
  listTerms,
  removeAccounts,
} from '../store/privacy/person-erasure.ts';
import { CATEGORIES, countPersonRows, readPersonRows } from '../store/privacy/person-rows.ts';
import { findDaysOfRows, moveToPseudonyms } from '../store/privacy/pseudonyms.ts';
import { daysOf } from '../store/values/days.ts';
import { type DayAuthor, freeFutureBookings } from '../workday/plan.ts';
import { slicesOf } from './day-slices.ts';
import { selectRefusedEvents } from './refused-events.ts';

/** The person is the last administrator of the organisation, which would have nobody to sign in. */
export class LastAdministratorError extends Error {}

/** Who asked for an erasure, as the author of changes of days, and by the id of the key or account. */
export type ErasureAuthor = DayAuthor & { by: string };

/**
 * Requests the erasure of a user: the user is inactive from now on, without bookings ahead, week plan, leave and desk, and
 * cannot sign in. `note` joins the transaction. The job `erase` does the rest. Undefined if there is no such user. Throws
 * `LastAdministratorError`.
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
    // A user who was erased, and whom a restore or an import with this id has brought back, is erased again.
    if (!person || (requested && requested.finishedAt === null)) return requested;
    await insertErasure(tx, tenantId, { userId, at: author.at, by: author.by });
    await close(tx, tenantId, person, author);
    await note(tx);
    return findErasure(tx, tenantId, userId);
  });
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

/**
 * What an erasure of a user would do, and how far a requested one has come. Undefined if there is no such user, and never was
 * one who was erased.
 */
export async function describeErasure(database: Database, tenantId: string, userId: string) {
  const described = database.stream('exports', tenantId, async function* (tx) {
    const person = await findPerson(tx, tenantId, userId);
    const erasure = await findErasure(tx, tenantId, userId);
    if (!person && !erasure) return;
    const categories: { name: string; title: string; rows: number; erasure: string }[] = [];
    for (const { name, title, erasure: effect, ...category } of person ? CATEGORIES : []) {
      let rows = 0;
      const read = { name, title, erasure: effect, ...category };
      if (name === REFUSED_EVENTS && person) {
        const select = selectRefusedEvents(person);
        for await (const batch of readPersonRows(tx, read, { ...person, tenantId }))
          rows += select(batch).length;
      } else if (person) rows = await countPersonRows(tx, read, { ...person, tenantId });
      categories.push({ name, title, rows, erasure: effect });
    }
    yield { userId, categories, erasure: erasure ? toState(erasure) : null };
  });
  for await (const description of described) return description;
  return undefined;
}

async function close(tx: Tx, tenantId: string, person: Person, author: DayAuthor): Promise<void> {
  const { userId, names } = person;
  const { accounts, hasLastAdministrator } = await removeAccounts(tx, names);
  if (hasLastAdministrator) throw new LastAdministratorError();
  await lockUsers(tx, tenantId, [userId]);
  await freeFutureBookings(tx, tenantId, [userId], author);
  const closed = await closeUser(tx, tenantId, userId, author.at);
  await countErased(tx, tenantId, userId, { account: accounts.length, ...closed });
}

interface Deps extends JobWork {
  log: FastifyBaseLogger;
}

/**
 * Erases the people whose erasure was requested. Each transaction does a bounded part, and a part that is done already has
 * nothing left to do. So a run that was interrupted begins again, and the result is the same. Throws `StoreUnavailableError`.
 */
export async function erasePeople(deps: Deps): Promise<void> {
  const { database, signal } = deps;
  for (const tenantId of await database.inSystem(organisationIds)) {
    const pending = await database.inTenant(tenantId, (tx) => listPendingErasures(tx, tenantId));
    for (const userId of pending) {
      if (signal.aborted) return;
      await new PersonErasure(deps, tenantId, userId).run();
    }
  }
}

/** The erasure of one person. */
class PersonErasure {
  readonly #deps: Deps;
  readonly #tenantId: string;
  readonly #userId: string;

  constructor(deps: Deps, tenantId: string, userId: string) {
    this.#deps = deps;
    this.#tenantId = tenantId;
    this.#userId = userId;
  }

  async run(): Promise<void> {
    const { database, clock, log, signal } = this.#deps;
    const [tenantId, userId] = [this.#tenantId, this.#userId];
    const person = await database.inTenant(tenantId, (tx) => findPerson(tx, tenantId, userId));
    if (person) {
      const terms = await database.inTenant(tenantId, (tx) => listTerms(tx, tenantId, person));
      await this.#step((tx) => closeUser(tx, tenantId, userId, new Date(clock())));
      await this.#clearTexts(person, terms);
      await this.#moveRows(person);
      // An event that was on its way when the user became inactive may have been stored behind the slices.
      if (signal.aborted || !(await this.#outlastOldWriters())) return;
      await this.#moveRows(person);
      if (signal.aborted) return;
      await this.#clearRefused(person, terms);
    }
    await this.#step(async (tx) => {
      await lockDirectory(tx, tenantId);
      await lockUsers(tx, tenantId, [userId]);
      const erased = person ? await deletePerson(tx, tenantId, person) : {};
      // The entries of the audit trail stay, and name nobody.
      await forgetAuditSubjects(tx, tenantId, 'user', [userId]);
      await forgetAuditAccounts(tx, tenantId, person?.names ?? []);
      await countErased(tx, tenantId, userId, erased);
      await finishErasure(tx, tenantId, userId, new Date(clock()));
      return {};
    });
    log.info({ tenantId }, 'erased a person');
  }

  /** Runs a part in one transaction, which also counts its rows. */
  #step(work: (tx: Tx) => Promise<ErasedRows>): Promise<void> {
    return inTenantWithRetries(this.#deps.database, this.#tenantId, async (tx) =>
      countErased(tx, this.#tenantId, this.#userId, await work(tx)),
    );
  }

  async #clearTexts(person: Person, terms: readonly string[]): Promise<void> {
    let position: LogPosition | undefined;
    do {
      await this.#step(async (tx) => {
        const slice = await clearLogSlice(tx, this.#tenantId, person, terms, position);
        position = slice.next;
        return { 'changes-of-others': slice.cleared };
      });
    } while (position && !this.#deps.signal.aborted);
    await this.#clearRefused(person, terms);
  }

  async #clearRefused(person: Person, terms: readonly string[]): Promise<void> {
    const tenantId = this.#tenantId;
    const select = selectRefusedEvents(person);
    const category = CATEGORIES.find(({ name }) => name === REFUSED_EVENTS);
    await this.#step(async (tx) => {
      let deleted = 0;
      const keys = { ...person, tenantId };
      const found: { refusedAt: Date; refusalId: string }[] = [];
      if (category) {
        for await (const rows of readPersonRows(tx, category, keys))
          found.push(...(select(rows) as typeof found));
      }
      if (found.length > 0) deleted = await deleteRefusedEvents(tx, tenantId, found);
      const cleared = await clearRefusedEvents(tx, tenantId, person, terms);
      return { ...cleared, [REFUSED_EVENTS]: (cleared[REFUSED_EVENTS] ?? 0) + deleted };
    });
  }

  async #moveRows(person: Person): Promise<void> {
    const { database, signal, onProgress } = this.#deps;
    const [tenantId, userId] = [this.#tenantId, this.#userId];
    const window = await database.inTenant(tenantId, (tx) => findDaysOfRows(tx, tenantId, [userId]));
    if (!window) return;
    const slices = [...slicesOf(window)];
    for (const [index, slice] of slices.entries()) {
      if (signal.aborted) return;
      await this.#step(async (tx) => ({
        ...(await moveToPseudonyms(tx, tenantId, [userId], [...daysOf(slice)])),
        visits: await clearVisits(tx, tenantId, person.addresses, slice),
      }));
      onProgress?.(index + 1, slices.length);
    }
  }

  /**
   * Waits until no transaction is left that may know the user as active: each reads nodes, too. False if that takes too long,
   * or on abort.
   */
  async #outlastOldWriters(): Promise<boolean> {
    const { database, log, signal } = this.#deps;
    const transactions = await outlastReadersOfNodes(database, signal);
    if (signal.aborted) return false;
    if (transactions > 0)
      log.warn({ transactions }, 'an erasure waits for transactions that began before it');
    return transactions === 0;
  }
}
