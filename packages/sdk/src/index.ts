import { Analytics } from './analytics.ts';
import { AccessCredentials, Directory, Occupancy, Presence, TimeOff, Visitors } from './events.ts';
import { Manage } from './manage.ts';
import { type RollcallOptions, settingsOf } from './options.ts';
import { Transport } from './request.ts';

export * from './errors.ts';
export type { Authentication, CallOptions, ExportOptions, Retry, RollcallOptions } from './options.ts';
export type { ExportRows, Rows } from './rows.ts';
export type { EventSubmitOptions, Many, Progress, Refused, SubmitOptions, Submitted } from './submit.ts';
export type { Operations, Problem } from './types.gen.ts';
export type * from './types.ts';

/**
 * A client of a Rollcall server, or of the vendor's own: `new Rollcall({ baseUrl, apiKey, secret })`. What is left out is
 * read from `ROLLCALL_BASE_URL`, `ROLLCALL_API_KEY` and `ROLLCALL_SECRET`. It sends nothing before its first call, and has
 * nothing to close.
 */
export class Rollcall {
  /** Where people were seen. */
  readonly presence: Presence;
  /** How many people a place holds, or whether any. */
  readonly occupancy: Occupancy;
  /** Leave that is taken, and leave that is cancelled. */
  readonly timeOff: TimeOff;
  /** Cards that open doors. */
  readonly accessCredentials: AccessCredentials;
  /** Arrivals of visitors. */
  readonly visitors: Visitors;
  /** Groups, and the attributes of people that groups follow from. */
  readonly directory: Directory;
  /** The warehouse: what there is, and what happened. */
  readonly analytics: Analytics;
  /** Places, people, assigned desks, settings, plans and bookings; on Rollcall only. */
  readonly manage: Manage;

  /** @throws AuthenticationError where something is missing or cannot be meant */
  constructor(options: RollcallOptions = {}) {
    const transport = new Transport(settingsOf(options));
    this.presence = new Presence(transport);
    this.occupancy = new Occupancy(transport);
    this.timeOff = new TimeOff(transport);
    this.accessCredentials = new AccessCredentials(transport);
    this.visitors = new Visitors(transport);
    this.directory = new Directory(transport);
    this.analytics = new Analytics(transport);
    this.manage = new Manage(transport);
  }
}
