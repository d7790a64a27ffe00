import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AuditSubject, addAuditEntries, type NewAuditEntry } from '../../store/audit/entries.ts';
import type { AppliedRoles } from '../../store/auth/identities.ts';
import { enterTenant, type Tx } from '../../store/connections/db.ts';
import type { AccessRefusal } from '../errors.ts';
import type { FailedLogin } from '../failed-logins.ts';
import { needsOwnLine } from '../outages.ts';
import type { AuditAction, AuditMetadata } from './actions.ts';
import { AuditBuffer, type BufferDeps } from './audit-buffer.ts';
import {
  type AuditDetails,
  type AuditEvent,
  accountSubject,
  callerSubject,
  contextOf,
  toEntry,
} from './entry.ts';
import { FailedLogins } from './failed-logins.ts';
import { PersonLooks } from './person-looks.ts';
import { auditPersonViews } from './person-views.ts';
import { type CountedAction, Repetitions } from './repetitions.ts';

declare module 'fastify' {
  interface FastifyInstance {
    audit: AuditTrail;
  }
}

const FLUSH_MS = 1_000;

/** A session, as far as entries about it need it. */
export interface AuditedSession {
  accountId: string;
  email: string;
  organisations: readonly { tenantId: string }[];
}

/** Gives the server its audit trail, which notes looks at single people by itself. Register it before the routes. */
export function keepAuditTrail(app: FastifyInstance, deps: BufferDeps): void {
  const audit = new AuditTrail(deps);
  app.decorate('audit', audit);
  auditPersonViews(app);
  app.addHook('onClose', () => audit.close());
}

/**
 * Who did or read what. A change has its entry in its own transaction. Reads, sign-ins and refusals wait in memory, for a
 * second while the database answers; a killed process loses them.
 */
export class AuditTrail {
  readonly #deps: BufferDeps;
  readonly #buffer: AuditBuffer;
  readonly #repetitions: Repetitions;
  readonly #personLooks: PersonLooks;
  readonly #failedLogins: FailedLogins;
  readonly #timer: NodeJS.Timeout;
  #flushing: Promise<void> | undefined;

  constructor(deps: BufferDeps) {
    this.#deps = deps;
    this.#buffer = new AuditBuffer(deps);
    this.#failedLogins = new FailedLogins(deps);
    const keep = (tenantId: string, entry: NewAuditEntry) => this.#buffer.keep(tenantId, entry);
    this.#repetitions = new Repetitions(keep);
    this.#personLooks = new PersonLooks({ repetitions: this.#repetitions, keep });
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Adds the entry of a change, in the transaction of the change, which has entered the caller's organisation. */
  async add<Action extends AuditAction>(
    tx: Tx,
    request: FastifyRequest,
    action: Action,
    details: AuditDetails<Action>,
  ): Promise<void> {
    const actor = request.caller ? callerSubject(request.caller) : null;
    const event = { ...details, action, actor, context: contextOf(request) };
    await addAuditEntries(tx, [toEntry(event, this.#deps.clock())]);
  }

  /**
   * As `add`, for a change of a person's own account, or of a session: each organisation of the session gets an entry. The
   * transaction has entered the last one afterwards.
   */
  async addOwn<Action extends AuditAction>(
    tx: Tx,
    request: FastifyRequest,
    session: AuditedSession,
    action: Action,
    metadata: AuditMetadata<Action>,
  ): Promise<void> {
    const event = { action, actor: accountSubject(session), context: contextOf(request), metadata };
    for (const { tenantId } of session.organisations) {
      await enterTenant(tx, tenantId);
      await addAuditEntries(tx, [toEntry(event, this.#deps.clock())]);
    }
  }

  /**
   * Adds the entries of roles that a claim of the identity provider gave, changed or took, in their transaction. It has
   * entered the last organisation afterwards.
   */
  async addClaimed(
    tx: Tx,
    request: FastifyRequest,
    accountId: string,
    { email, changes }: Pick<AppliedRoles, 'email' | 'changes'>,
  ): Promise<void> {
    const targets = [accountSubject({ accountId, email })];
    const event = {
      action: 'account.role-claimed',
      actor: null,
      targets,
      context: contextOf(request),
    } as const;
    for (const { tenantId, before, role } of changes) {
      await enterTenant(tx, tenantId);
      await addAuditEntries(tx, [toEntry({ ...event, metadata: { before, role } }, this.#deps.clock())]);
    }
  }

  /** Notes a read of a caller, or another event that no transaction belongs to. */
  note<Action extends AuditAction>(
    request: FastifyRequest,
    action: Action,
    details: AuditDetails<Action>,
  ): void {
    const { caller } = request;
    if (!caller) return;
    const event = { ...details, action, actor: callerSubject(caller), context: contextOf(request) };
    this.#buffer.keep(caller.tenantId, toEntry(event, this.#deps.clock()));
  }

  /** As `note`. Events of a caller with the same `alike` are repetitions: those within a minute become one entry. */
  noteCounted<Action extends CountedAction>(
    request: FastifyRequest,
    action: Action,
    details: AuditDetails<Action>,
    alike: unknown = details,
  ): void {
    const { caller } = request;
    if (!caller) return;
    const by = { actor: callerSubject(caller), context: contextOf(request) };
    const event = { ...details, ...by, action } as unknown as AuditEvent;
    this.#repetitions.note({ tenantId: caller.tenantId, event, atMs: this.#deps.clock() }, alike);
  }

  /** Notes a list of several people. Those of a caller within a minute become one entry, whatever their filters. */
  noteList(
    request: FastifyRequest,
    list: string,
    { filters, rows }: { filters: Record<string, string>; rows: number },
  ): void {
    this.noteCounted(request, 'people.listed', { metadata: { list, filters, rows, count: 1 } }, list);
  }

  /** Notes a look at these people. Its entry names them. */
  noteLook(request: FastifyRequest, view: string, people: readonly AuditSubject[]): void {
    const { caller } = request;
    if (!caller) return;
    const by = { tenantId: caller.tenantId, actor: callerSubject(caller), context: contextOf(request) };
    this.#personLooks.note({ ...by, view, people, atMs: this.#deps.clock() });
  }

  /** Notes a sign-in, in each of the person's organisations. */
  noteSignIn(request: FastifyRequest, session: AuditedSession & { method: string }): void {
    const { method } = session;
    const event = { action: 'session.begun', actor: accountSubject(session), metadata: { method } } as const;
    const entry = () => toEntry({ ...event, context: contextOf(request) }, this.#deps.clock());
    for (const { tenantId } of session.organisations) this.#buffer.keep(tenantId, entry());
  }

  /** Notes a 403 of a caller. */
  noteRefusal(request: FastifyRequest, rule: AccessRefusal | null): void {
    const operation = `${request.method} ${request.route.url ?? 'unknown'}`;
    this.noteCounted(request, 'access.refused', { metadata: { operation, rule, count: 1 } });
  }

  /** Notes a failed login. It becomes an entry of the organisations of the key or account that it names. */
  noteFailedLogin(login: FailedLogin, request: FastifyRequest): void {
    this.#failedLogins.note(login, contextOf(request), this.#deps.clock());
  }

  /** Stores what was noted. What cannot be stored now waits for the next time. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flush(nowMs = this.#deps.clock()): Promise<void> {
    try {
      for (const placed of await this.#failedLogins.place()) this.#repetitions.note(placed, placed.alike);
    } catch (err) {
      if (needsOwnLine(err))
        this.#deps.log.warn({ err }, 'failed logins could not be looked up for the audit');
    }
    this.#repetitions.end(nowMs);
    this.#personLooks.end(nowMs);
    await this.#buffer.flush();
  }

  /** Stores the rest, repetitions included. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flushing;
    await this.#flush(Number.POSITIVE_INFINITY);
    this.#failedLogins.close();
    await this.#buffer.close();
  }
}
