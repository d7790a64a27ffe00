import type { FastifyBaseLogger } from 'fastify';
import { type AuditContext, findLoginPlaces, type LoginPlace } from '../../store/audit/entries.ts';
import type { Database } from '../../store/connections/db.ts';
import { fold } from '../../store/values/fold.ts';
import { parseGuid } from '../../store/values/guid.ts';
import type { FailedLogin } from '../failed-logins.ts';
import { type AuditEvent, commonContext } from './entry.ts';
import type { NotedEvent } from './repetitions.ts';

/** Ids in failed logins that wait for their organisations. An attacker may send any number of random ones. */
const MOST_FAILED = 2_000;
const LONGEST_ID = 320;

interface Failed {
  kind: LoginPlace['kind'];
  sent: string;
  login: FailedLogin;
  context: AuditContext;
  atMs: number;
  count: number;
}

/** A failed login of an organisation. Those with the same `alike` are repetitions. */
export interface PlacedEvent extends NotedEvent {
  alike: unknown;
}

interface Deps {
  database: Database;
  log: Pick<FastifyBaseLogger, 'warn'>;
}

/** Failed logins until their organisations are known. Those that name no key and no account belong to none. */
export class FailedLogins {
  readonly #deps: Deps;
  #waiting = new Map<string, Failed>();
  /** Those that are being looked up. */
  #taken = new Map<string, Failed>();
  /** Failures with an id beyond the limit. Nobody knows to whom they belong. */
  #unplaced = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  note(login: FailedLogin, context: AuditContext, atMs: number): void {
    const { apiKey, account = '', by, wrongNetwork = false } = login;
    const id = apiKey ?? account;
    // PostgreSQL's text cannot hold NUL.
    if (id === '' || id.length > LONGEST_ID || id.includes('\0')) return;
    const kind = apiKey === undefined ? 'account' : 'key';
    const sent = kind === 'key' ? (parseGuid(id) ?? id) : fold(id);
    const key = JSON.stringify([kind, sent, by, wrongNetwork]);
    const failed = this.#waiting.get(key);
    if (failed || this.#waiting.size + this.#taken.size < MOST_FAILED)
      this.#waiting.set(key, together(failed, { kind, sent, login, context, atMs, count: 1 }));
    else this.#unplaced++;
  }

  /** The failures that belong to organisations. Throws as the database does, and keeps them then. */
  async place(): Promise<PlacedEvent[]> {
    this.#reportUnplaced();
    if (this.#waiting.size === 0) return [];
    this.#taken = this.#waiting;
    this.#waiting = new Map();
    try {
      const failed = [...this.#taken.values()];
      const sentOf = (kind: LoginPlace['kind']) =>
        failed.filter((of) => of.kind === kind).map(({ sent }) => sent);
      const wanted = { keys: sentOf('key'), addresses: sentOf('account') };
      const places = await this.#deps.database.inSystem((tx) => findLoginPlaces(tx, wanted));
      return failed.flatMap((one) =>
        places
          .filter(({ kind, sent }) => kind === one.kind && sent === one.sent)
          .map((place) => toPlaced(place, one)),
      );
    } catch (error) {
      const later = this.#waiting;
      this.#waiting = this.#taken;
      for (const [key, failed] of later) this.#waiting.set(key, together(this.#waiting.get(key), failed));
      throw error;
    } finally {
      this.#taken = new Map();
    }
  }

  /** Logs what waits no longer, because the server ends. */
  close(): void {
    for (const { count } of this.#waiting.values()) this.#unplaced += count;
    this.#reportUnplaced();
  }

  #reportUnplaced(): void {
    const failures = this.#unplaced;
    this.#unplaced = 0;
    if (failures > 0)
      this.#deps.log.warn({ failures }, 'failed logins have no entries: too many ids, or no database');
  }
}

function together(before: Failed | undefined, failed: Failed): Failed {
  if (!before) return failed;
  const context = commonContext(before.context, failed.context);
  return { ...before, context, count: before.count + failed.count };
}

function toPlaced(
  { kind, tenantId, reference, name }: LoginPlace,
  { login: { by: method, wrongNetwork: isWrongNetwork }, context, atMs, count }: Failed,
): PlacedEvent {
  const wrongNetwork = isWrongNetwork ?? false;
  const about = { actor: null, targets: [{ kind, reference, name: name ?? reference }], context };
  const event: AuditEvent =
    kind === 'key'
      ? { ...about, action: 'key.failed', metadata: { method, count, wrongNetwork } }
      : { ...about, action: 'session.failed', metadata: { method, count } };
  return { tenantId, event, atMs, alike: [reference, method, wrongNetwork] };
}
