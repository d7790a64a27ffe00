import { type AuditContext, findLoginPlaces, type LoginPlace } from '../../store/audit/entries.ts';
import type { Database } from '../../store/connections/db.ts';
import { fold } from '../../store/values/fold.ts';
import { parseGuid } from '../../store/values/guid.ts';
import type { FailedLogin } from '../failed-logins.ts';
import type { AuditEvent } from './entry.ts';

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

/** An event of an organisation. `kind` is that of its repetitions. */
export interface PlacedEvent {
  tenantId: string;
  kind: string;
  event: AuditEvent;
  atMs: number;
}

/** Failed logins until their organisations are known. Those that name no key and no account belong to none. */
export class FailedLogins {
  #waiting = new Map<string, Failed>();

  note(login: FailedLogin, context: AuditContext, atMs: number): void {
    const { apiKey, account = '', by, wrongNetwork = false } = login;
    const id = apiKey ?? account;
    // PostgreSQL's text cannot hold NUL.
    if (id === '' || id.length > LONGEST_ID || id.includes('\0')) return;
    const kind = apiKey === undefined ? 'account' : 'key';
    const sent = kind === 'key' ? (parseGuid(id) ?? id) : fold(id);
    const key = JSON.stringify([kind, sent, by, wrongNetwork]);
    const failed = this.#waiting.get(key);
    if (failed) failed.count++;
    else if (this.#waiting.size < MOST_FAILED)
      this.#waiting.set(key, { kind, sent, login, context, atMs, count: 1 });
  }

  /** The failures that belong to organisations. Throws as the database does, and keeps them then. */
  async place(database: Database): Promise<PlacedEvent[]> {
    const failed = [...this.#waiting.values()];
    if (failed.length === 0) return [];
    const sentOf = (kind: LoginPlace['kind']) =>
      failed.filter((of) => of.kind === kind).map(({ sent }) => sent);
    const wanted = { keys: sentOf('key'), addresses: sentOf('account') };
    const places = await database.inSystem((tx) => findLoginPlaces(tx, wanted));
    this.#waiting = new Map();
    return failed.flatMap((one) =>
      places
        .filter(({ kind, sent }) => kind === one.kind && sent === one.sent)
        .map((place) => toPlaced(place, one)),
    );
  }
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
  return { tenantId, kind: JSON.stringify([event.action, reference, method, wrongNetwork]), event, atMs };
}
