import type { FastifyBaseLogger } from 'fastify';
import { forgetAuditAccounts, forgetAuditSubjects } from '../store/audit/subjects.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import { deriveGroups } from '../store/directory/derived-groups.ts';
import { getDirectorySettings } from '../store/directory/directory-settings.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { outlastReadersOfNodes } from '../store/directory/readers-of-nodes.ts';
import { lockUsers } from '../store/directory/users.ts';
import {
  countErased,
  type ErasedRows,
  finishErasure,
  listPendingErasures,
  type PendingErasure,
} from '../store/privacy/erasures.ts';
import { REFUSED_EVENTS } from '../store/privacy/event-categories.ts';
import { findPerson, type Person } from '../store/privacy/person.ts';
import {
  clearAttributes,
  clearLogSlice,
  deletePerson,
  type LogPosition,
} from '../store/privacy/person-erasure.ts';
import { findDaysOfRows, listUsersWithRows, moveToPseudonyms } from '../store/privacy/pseudonyms.ts';
import {
  clearSenders,
  deleteRefusedRows,
  type RefusedPosition,
  readRefusedSlice,
} from '../store/privacy/refused-rows.ts';
import { termsOf } from '../store/privacy/terms.ts';
import { clearVisitsOf } from '../store/privacy/visitor-erasure.ts';
import { daysOf } from '../store/values/days.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { slicesOf } from './day-slices.ts';
import { endDaysAhead } from './erasure.ts';
import { isRefusedOf } from './refused-events.ts';

/** What the erasure of people needs. `database` connects as the owner. The unit is days whose rows have moved. */
export interface EraseDeps extends JobWork {
  log: FastifyBaseLogger;
}

/**
 * Erases the people whose erasure was requested. Each transaction does a bounded part, and a part that is done already has
 * nothing left to do. So a run that was interrupted begins again, and the result is the same. A person who cannot be erased stops
 * no other: the log has each such failure, and the first one is thrown in the end.
 */
export async function erasePeople(deps: EraseDeps): Promise<void> {
  const { database, log, signal } = deps;
  const people: PersonErasure[] = [];
  for (const tenantId of await database.inSystem(organisationIds)) {
    const pending = await database.inTenant(tenantId, (tx) => listPendingErasures(tx, tenantId));
    people.push(...pending.map((erasure) => new PersonErasure(deps, tenantId, erasure)));
  }
  const failures: unknown[] = [];
  const each = async (wanted: PersonErasure[], work: (person: PersonErasure) => Promise<void>) => {
    const done: PersonErasure[] = [];
    for (const person of wanted) {
      if (signal.aborted) return [];
      try {
        await work(person);
        done.push(person);
      } catch (error) {
        log.error(
          { tenantId: person.tenantId, err: error },
          'an erasure has failed; the server tries it again',
        );
        failures.push(error);
      }
    }
    return done;
  };
  const begun = await each(people, (person) => person.begin());
  // An event that was on its way when the user became inactive may have been stored behind the slices.
  if (begun.length > 0 && (await outlastOldWriters(deps))) await each(begun, (person) => person.finish());
  if (failures.length > 0) throw failures[0];
}

/**
 * Waits until no transaction is left that may know one of the users as active: each reads nodes, too. False if that takes too
 * long, or on abort.
 */
async function outlastOldWriters({ database, log, signal }: EraseDeps): Promise<boolean> {
  const transactions = await outlastReadersOfNodes(database, signal);
  if (signal.aborted) return false;
  if (transactions > 0) log.warn({ transactions }, 'erasures wait for transactions that began before them');
  return transactions === 0;
}

/** The erasure of one person. */
class PersonErasure {
  readonly tenantId: string;
  readonly #deps: EraseDeps;
  readonly #userId: string;
  readonly #names: readonly string[];

  constructor(deps: EraseDeps, tenantId: string, { userId, names }: PendingErasure) {
    this.tenantId = tenantId;
    this.#deps = deps;
    this.#userId = userId;
    this.#names = names;
  }

  /** Erases all but the user. */
  async begin(): Promise<void> {
    const { database, clock } = this.#deps;
    const person = await database.inTenant(this.tenantId, (tx) =>
      findPerson(tx, this.tenantId, this.#userId),
    );
    if (!person) return;
    const actor = { changedBy: 'admin', name: null, reason: REASONS.personErased } as const;
    await this.#step(async (tx) => {
      await lockDirectory(tx, this.tenantId);
      return endDaysAhead(tx, this.tenantId, this.#userId, { actor, at: new Date(clock()) });
    });
    await this.#eraseRows(person);
  }

  /** Erases what came meanwhile, and then the user, if nothing is left that has the id. Else the next run begins again. */
  async finish(): Promise<void> {
    const { database, log, clock, signal } = this.#deps;
    const [tenantId, userId, names] = [this.tenantId, this.#userId, this.#names];
    const person = await database.inTenant(tenantId, (tx) => findPerson(tx, tenantId, userId));
    if (person) await this.#eraseRows(person);
    if (signal.aborted) return;
    const isErased = await inTenantWithRetries(database, tenantId, async (tx) => {
      await lockDirectory(tx, tenantId);
      const status = (await lockUsers(tx, tenantId, [userId])).get(userId);
      if (status === 'active' || (await this.#hasRows(tx))) return false;
      const erased = person ? await this.#deleteUser(tx, person) : {};
      // The entries of the audit trail stay, and name nobody.
      await forgetAuditSubjects(tx, tenantId, 'user', [userId]);
      // An account with a further address stays.
      const isFurther = (name: string) => person?.addresses.includes(name) && !person.names.includes(name);
      const ofAccounts = names.filter((name) => !isFurther(name));
      await forgetAuditAccounts(tx, tenantId, ofAccounts);
      await countErased(tx, tenantId, userId, erased);
      await finishErasure(tx, tenantId, userId, new Date(clock()));
      return true;
    });
    if (isErased) log.info({ tenantId }, 'erased a person');
    else log.warn({ tenantId }, 'an erasure begins again, because rows of the person are left');
  }

  async #deleteUser(tx: Tx, person: Person): Promise<ErasedRows> {
    const { tenantId } = this;
    const names = this.#names;
    const at = new Date(this.#deps.clock());
    const colleagues = await clearAttributes(tx, tenantId, { person, names, at });
    if (colleagues.length > 0)
      await deriveGroups(tx, tenantId, await getDirectorySettings(tx, tenantId), colleagues);
    return deletePerson(tx, tenantId, { userId: person.userId, names });
  }

  /** Runs a part in one transaction, which also counts its rows. */
  #step(work: (tx: Tx) => Promise<ErasedRows>): Promise<void> {
    return inTenantWithRetries(this.#deps.database, this.tenantId, async (tx) =>
      countErased(tx, this.tenantId, this.#userId, await work(tx)),
    );
  }

  async #eraseRows(person: Person): Promise<void> {
    await this.#clearLog(person);
    await this.#moveRows(person);
    if (!this.#deps.signal.aborted) await this.#clearRefused(person);
  }

  #clearLog(person: Person): Promise<void> {
    return this.#inSlices<LogPosition>(async (tx, after) => {
      const { next, cleared } = await clearLogSlice(tx, this.tenantId, { person, names: this.#names, after });
      return { next, erased: { 'changes-of-others': cleared } };
    });
  }

  async #clearRefused(person: Person): Promise<void> {
    const { tenantId } = this;
    const isOfPerson = isRefusedOf(person, this.#names, termsOf(person, this.#names));
    await this.#inSlices<RefusedPosition>(async (tx, after) => {
      const { rows, next } = await readRefusedSlice(tx, tenantId, { after });
      const deleted = await deleteRefusedRows(tx, tenantId, rows.filter(isOfPerson));
      return { next, erased: { [REFUSED_EVENTS]: deleted } };
    });
    await this.#step((tx) => clearSenders(tx, tenantId, this.#names));
  }

  /** Runs each slice in a transaction of its own, which a conflict repeats from the same position. */
  async #inSlices<Position>(
    slice: (
      tx: Tx,
      after: Position | undefined,
    ) => Promise<{ next: Position | undefined; erased: ErasedRows }>,
  ): Promise<void> {
    let after: Position | undefined;
    do {
      if (this.#deps.signal.aborted) return;
      let next: Position | undefined;
      await this.#step(async (tx) => {
        const done = await slice(tx, after);
        next = done.next;
        return done.erased;
      });
      after = next;
    } while (after);
  }

  async #moveRows(person: Person): Promise<void> {
    const { database, signal, onProgress } = this.#deps;
    const [tenantId, userId] = [this.tenantId, this.#userId];
    const window = await database.inTenant(tenantId, (tx) => findDaysOfRows(tx, tenantId, [userId]));
    if (!window) return;
    const slices = [...slicesOf(window)];
    for (const [index, slice] of slices.entries()) {
      if (signal.aborted) return;
      await this.#step(async (tx) => ({
        ...(await moveToPseudonyms(tx, tenantId, [userId], [...daysOf(slice)])),
        visits: await clearVisitsOf(tx, tenantId, { person, names: this.#names }, slice),
      }));
      onProgress?.(index + 1, slices.length);
    }
  }

  async #hasRows(tx: Tx): Promise<boolean> {
    const window = await findDaysOfRows(tx, this.tenantId, [this.#userId]);
    if (!window) return false;
    return (await listUsersWithRows(tx, this.tenantId, [this.#userId], [...daysOf(window)])).length > 0;
  }
}
