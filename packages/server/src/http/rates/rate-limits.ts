import type { RateClass } from '../../store/auth/key-limits.ts';
import { HttpProblem } from '../errors.ts';
import { afterUnits, remainingUnits, TOLERANCE_MS, WINDOW_MS, waitMs } from './gcra.ts';
import type { LimitedCaller, LimitHolder } from './limited-caller.ts';
import { DEFAULT_LIMITS, ORGANISATION_TIMES } from './rate-classes.ts';
import { RateRefusals } from './rate-refusals.ts';

/** The fields of draft-ietf-httpapi-ratelimit-headers-11. */
export type RateFields = Record<'ratelimit-policy' | 'ratelimit', string>;

/** When the quota of a caller or an organisation is full again (see gcra.ts), and the limit by which that was computed. */
interface Debt {
  fullAtMs: number;
  perMinute: number;
}
type Debts = Map<string, Debt>;

/** The quota of a caller or an organisation in one class. */
interface Quota {
  rateClass: RateClass;
  of: LimitHolder;
  name: string;
  /** The part of this process in the limit, in units a minute. */
  perMinute: number;
  debts: Debts;
}

interface Deps {
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
  /** The live processes. Each grants its part of every limit. */
  processes: { readonly count: number };
  log: { warn(fields: object, message: string): void };
}

const WORDS: Readonly<Record<RateClass, string>> = {
  login: 'logins',
  events: 'events',
  reads: 'reads',
  management: 'requests of management',
};
/** Nobody knows when an export ends. */
const EXPORT_RETRY_AFTER_S = 10;
const TIDY_MS = 10_000;

/**
 * The rate limits of callers and organisations, in the memory of this process. Of each limit it grants its part: the limit by
 * the number of live processes.
 *
 * A request counts for its caller and for the organisation, or for neither. An organisation has a multiple of the default
 * limit. A key with a larger limit than that counts in proportion, so that it can reach its limit.
 */
export class RateLimits {
  /** The requests that the limits refused. */
  readonly refusals: RateRefusals;
  readonly #deps: Deps;
  readonly #callers = forEachClass();
  readonly #organisations = forEachClass();
  /** The running exports of the keys that have a limit of their own for them. */
  readonly #exports = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.refusals = new RateRefusals(deps.log);
    this.#timer = setInterval(() => this.#forgetFull(), TIDY_MS).unref();
  }

  /** Counts `units` of a class. Throws a 429; then nothing counts. */
  take(rateClass: RateClass, caller: LimitedCaller, units: number): void {
    const nowMs = this.#deps.stopwatch();
    const own = this.#ownQuota(rateClass, caller);
    const shared = this.#organisationQuota(rateClass, caller);
    this.#require(own, caller, units, nowMs);
    if (shared) {
      this.#require(shared, caller, units, nowMs);
      spend(shared, units, nowMs);
    }
    spend(own, units, nowMs);
  }

  /** The fields of an answer, about the limit of the caller. */
  fields(rateClass: RateClass, caller: LimitedCaller): RateFields {
    const nowMs = this.#deps.stopwatch();
    const own = this.#ownQuota(rateClass, caller);
    return fieldsOf(own, nowMs, Math.max(fullAt(own, nowMs) - nowMs, 0) / 1_000);
  }

  /** Throws a 429 if not even one unit of a class is left. Nothing counts. */
  requireOne(rateClass: RateClass, caller: LimitedCaller): void {
    const nowMs = this.#deps.stopwatch();
    this.#require(this.#ownQuota(rateClass, caller), caller, 1, nowMs);
    const shared = this.#organisationQuota(rateClass, caller);
    if (shared) this.#require(shared, caller, 1, nowMs);
  }

  /**
   * Begins an export, and returns what ends it, however often it is called. It counts those of keys that have a limit of their own; `Transfers` has the
   * share of the organisation. Throws a 429 if the key runs as many as it may.
   */
  beginExport(caller: LimitedCaller): () => void {
    const limit = caller.limits?.exports;
    if (limit === undefined) return () => undefined;
    const name = nameOf(caller);
    const running = this.#exports.get(name) ?? 0;
    const most = Math.max(Math.floor(limit / this.#deps.processes.count), 1);
    if (running >= most) {
      this.refusals.note('exports', 'caller', caller);
      throw tooManyExports(most);
    }
    this.#exports.set(name, running + 1);
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      const left = (this.#exports.get(name) ?? 1) - 1;
      if (left > 0) this.#exports.set(name, left);
      else this.#exports.delete(name);
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.refusals.close();
  }

  #require(quota: Quota, caller: LimitedCaller, units: number, nowMs: number): void {
    const forMs = waitMs(fullAt(quota, nowMs), units, nowMs, quota.perMinute);
    if (forMs === 0) return;
    this.refusals.note(quota.rateClass, quota.of, caller);
    // A sum of times may be too large by its last digit, which must not become a second.
    throw tooMany(quota, nowMs, Math.ceil((forMs - TOLERANCE_MS / 2) / 1_000));
  }

  #ownQuota(rateClass: RateClass, caller: LimitedCaller): Quota {
    const limit = caller.limits?.[rateClass] ?? DEFAULT_LIMITS[rateClass];
    const perMinute = limit / this.#deps.processes.count;
    return { rateClass, of: 'caller', name: nameOf(caller), perMinute, debts: this.#callers[rateClass] };
  }

  #organisationQuota(rateClass: RateClass, { tenantId, limits }: LimitedCaller): Quota | undefined {
    if (tenantId === undefined) return undefined;
    const limit = Math.max(DEFAULT_LIMITS[rateClass] * ORGANISATION_TIMES, limits?.[rateClass] ?? 0);
    const perMinute = limit / this.#deps.processes.count;
    const debts = this.#organisations[rateClass];
    return { rateClass, of: 'organisation', name: tenantId, perMinute, debts };
  }

  #forgetFull(): void {
    const nowMs = this.#deps.stopwatch();
    for (const quotas of [this.#callers, this.#organisations].flatMap((each) => Object.values(each))) {
      for (const [name, { fullAtMs }] of quotas) if (fullAtMs <= nowMs) quotas.delete(name);
    }
  }
}

/** Keys, SCIM tokens and accounts may have equal names. */
function nameOf({ kind, nameFolded }: LimitedCaller): string {
  return `${kind} ${nameFolded}`;
}

/**
 * When a quota is full again. A changed limit of a caller counts for what the caller owes, too: it owes units, and not time.
 * An organisation owes time, because a key with a larger limit than that of the organisation counts in proportion.
 */
function fullAt({ debts, name, of, perMinute }: Quota, nowMs: number): number {
  const debt = debts.get(name);
  if (!debt || debt.fullAtMs <= nowMs) return 0;
  if (of === 'organisation' || debt.perMinute === perMinute) return debt.fullAtMs;
  return nowMs + ((debt.fullAtMs - nowMs) * debt.perMinute) / perMinute;
}

function spend(quota: Quota, units: number, nowMs: number): void {
  const { debts, name, perMinute } = quota;
  debts.set(name, { fullAtMs: afterUnits(fullAt(quota, nowMs), units, nowMs, perMinute), perMinute });
}

/** `inS`: the seconds until the quota is full, or until a refused request passes. */
function fieldsOf(quota: Quota, nowMs: number, inS: number): RateFields {
  const { rateClass, of, perMinute } = quota;
  const policy = of === 'caller' ? rateClass : `${rateClass}-${of}`;
  const remaining = remainingUnits(fullAt(quota, nowMs), nowMs, perMinute);
  return {
    'ratelimit-policy': `"${policy}";q=${Math.max(Math.floor(perMinute), 1)};w=${WINDOW_MS / 1_000}`,
    ratelimit: `"${policy}";r=${remaining};t=${Math.ceil(inS)}`,
  };
}

function tooMany(quota: Quota, nowMs: number, retryAfterS: number): HttpProblem {
  const { rateClass, of } = quota;
  return new HttpProblem(
    429,
    `Too many ${WORDS[rateClass]} of this ${of}; the server has not carried out this request, try again in ${retryAfterS} s.`,
    {
      headers: { 'retry-after': String(retryAfterS), ...fieldsOf(quota, nowMs, retryAfterS) },
      metLimit: { limit: rateClass, of },
    },
  );
}

function tooManyExports(most: number): HttpProblem {
  return new HttpProblem(
    429,
    `This key already runs ${most} ${most === 1 ? 'export' : 'exports'}, as many as it may at once; try again when one has ended.`,
    {
      headers: {
        'retry-after': String(EXPORT_RETRY_AFTER_S),
        'ratelimit-policy': `"exports";q=${most};qu="concurrent-requests"`,
        ratelimit: '"exports";r=0',
      },
      metLimit: { limit: 'exports', of: 'caller' },
    },
  );
}

function forEachClass(): Record<RateClass, Debts> {
  return { login: new Map(), events: new Map(), reads: new Map(), management: new Map() };
}
