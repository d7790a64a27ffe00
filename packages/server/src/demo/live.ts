import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShownKey } from '../auth/manage-keys.ts';
import { OCCUPANCY_EVENTS_PER_CALL } from '../ingest/occupancy.ts';
import { PRESENCE_EVENTS_PER_CALL } from '../ingest/presence.ts';
import { VISITOR_ARRIVALS_PER_CALL } from '../ingest/visitor-arrival.ts';
import { addDays, DAY_MS } from '../store/values/days.ts';
import type { DemoDirectory } from './directory.ts';
import { type DemoOfficeDay, makeOfficeDay, type PlannedDay, SOURCE_ID } from './life.ts';
import { instantOf, localDay } from './local-time.ts';
import type { DemoOffice } from './offices.ts';
import { slicesOf } from './slices.ts';

const TICK_MS = 1_000;
/** The server accepts events up to a day ahead of its clock. Ten minutes less allow for the time of a request. */
const FARTHEST_AHEAD_MS = DAY_MS - 600_000;

const ENDPOINTS = [
  { kind: 'presence', path: '/v1/presence/', member: 'presenceEvents', perCall: PRESENCE_EVENTS_PER_CALL },
  {
    kind: 'occupancy',
    path: '/v1/occupancy/',
    member: 'occupancyEvents',
    perCall: OCCUPANCY_EVENTS_PER_CALL,
  },
  {
    kind: 'visitors',
    path: '/v1/visitor-arrival/',
    member: 'visitorArrivals',
    perCall: VISITOR_ARRIVALS_PER_CALL,
  },
] as const;

/** The progress of the live day. */
export interface LiveProgress {
  /** The instant that the demo has reached, in milliseconds since the epoch. */
  atMs: number;
  /** The number of events in the requests that the server accepted, by kind. Repeated events count again. */
  submitted: Record<keyof DemoOfficeDay, number>;
  /** Why the last round failed; null if it did not. The next round submits its events again. */
  trouble: string | null;
}

export interface LiveOptions {
  baseUrl: string;
  /** The key that submits events. The demo logs in by HMAC before every call, as existing clients do. */
  submitKey: ShownKey;
  /** The key that reads an export by HTTP Basic. The demo needs the plans in it, because the events depend on them. */
  readKey: ShownKey;
  /** How many times faster than the clock the day passes. The day gets at most a day ahead of the clock. */
  speed: number;
  clock: () => number;
  signal: AbortSignal;
  /** Called after each round. */
  onRound: (progress: LiveProgress) => void;
}

/**
 * Continues the day at every office, from its midnight, until `signal` aborts. It submits events through the HTTP API
 * as they happen. After a failure it sends the events again; a repeat is harmless.
 */
export async function live(directory: DemoDirectory, options: LiveOptions): Promise<void> {
  const { clock, signal, onRound } = options;
  const feed = new LiveDay(directory, options);
  while (!signal.aborted) {
    onRound(await feed.advance(clock()));
    await delay(TICK_MS, undefined, { signal }).catch(() => undefined);
  }
}

class LiveDay {
  readonly #directory: DemoDirectory;
  readonly #options: LiveOptions;
  readonly #startMs: number;
  /** The current day of each office, with its events. */
  readonly #days = new Map<DemoOffice, { day: string; events: DemoOfficeDay }>();
  /** The instant up to which each office's events are submitted. */
  readonly #doneMs = new Map<DemoOffice, number>();
  readonly #submitted = { presence: 0, occupancy: 0, visitors: 0 };

  constructor(directory: DemoDirectory, options: LiveOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#startMs = options.clock();
    for (const office of directory.offices) {
      const today = localDay(this.#startMs, office.timeZone);
      this.#doneMs.set(office, instantOf(today, 0, office.timeZone));
    }
  }

  /** Submits the events up to the instant that the demo reaches at `nowMs`. Returns the progress. */
  async advance(nowMs: number): Promise<LiveProgress> {
    const { speed } = this.#options;
    const atMs = Math.min(this.#startMs + (nowMs - this.#startMs) * speed, nowMs + FARTHEST_AHEAD_MS);
    let trouble: string | null = null;
    for (const office of this.#directory.offices) {
      try {
        await this.#liveUntil(office, atMs);
        this.#doneMs.set(office, atMs);
      } catch (error) {
        trouble = (error as Error).message;
      }
    }
    return { atMs, submitted: { ...this.#submitted }, trouble };
  }

  async #liveUntil(office: DemoOffice, atMs: number): Promise<void> {
    const doneMs = this.#doneMs.get(office) ?? atMs;
    const last = localDay(atMs, office.timeZone);
    for (let day = localDay(doneMs, office.timeZone); day <= last; day = addDays(day, 1)) {
      const events = await this.#dayOf(office, day);
      for (const { kind, path, member, perCall } of ENDPOINTS) {
        const due = [...events[kind]].filter(({ timestamp }) => {
          const ms = Date.parse(timestamp);
          return doneMs < ms && ms <= atMs;
        });
        for (const batch of slicesOf(due, perCall)) {
          await this.#submit(path, { sourceId: SOURCE_ID, [member]: batch });
          this.#submitted[kind] += batch.length;
        }
      }
    }
  }

  async #dayOf(office: DemoOffice, day: string): Promise<DemoOfficeDay> {
    const known = this.#days.get(office);
    if (known?.day === day) return known.events;
    const today = localDay(this.#startMs, office.timeZone);
    const age = Math.round((Date.parse(today) - Date.parse(day)) / DAY_MS);
    const events = makeOfficeDay(this.#directory, office, { day, age }, await this.#plansOf(day));
    this.#days.set(office, { day, events });
    return events;
  }

  /** The plans of all users for a day, by user id, from the attendance export. */
  async #plansOf(day: string): Promise<Map<string, PlannedDay>> {
    const { baseUrl, readKey } = this.#options;
    const rows = await answer<AttendanceRow[]>(
      fetch(`${baseUrl}/v1/analytics/user-booking-attendance/basic?startDate=${day}&endDate=${day}`, {
        headers: { authorization: `Basic ${btoa(`${readKey.apiKey}:${readKey.secret}`)}` },
      }),
    );
    return new Map(
      rows
        .filter(({ attendanceType }) => attendanceType !== 'walkIn')
        .map(({ userId, plan, bookingLocationId, bookingPlaceId }) => [
          userId,
          { plan, locationId: bookingLocationId ?? null, deskId: bookingPlaceId ?? null },
        ]),
    );
  }

  async #submit(path: string, body: object): Promise<void> {
    const { baseUrl, submitKey } = this.#options;
    const { apiKey, secret } = submitKey;
    const timestamp = Math.floor(this.#options.clock() / 1_000);
    const hash = createHmac('sha256', secret).update(`${apiKey}${timestamp}`).digest('hex');
    const { token } = await answer<{ token: string }>(
      post(`${baseUrl}/v1/auth/`, { apiKey, timestamp, hash }),
    );
    await answer(post(`${baseUrl}${path}`, body, { authorization: `Bearer ${token}` }));
  }
}

interface AttendanceRow {
  userId: string;
  plan: PlannedDay['plan'];
  attendanceType?: string;
  bookingLocationId?: string;
  bookingPlaceId?: string;
}

function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function answer<T>(reply: Promise<Response>): Promise<T> {
  const response = await reply;
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} from ${new URL(response.url).pathname}`);
  return JSON.parse(text) as T;
}
