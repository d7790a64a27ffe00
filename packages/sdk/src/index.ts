import { Analytics } from './analytics.ts';
import { AccessCredentials, Directory, Occupancy, Presence, TimeOff, Visitors } from './events.ts';
import { Manage } from './manage.ts';
import { type RollcallOptions, settingsOf } from './options.ts';
import { Transport } from './request.ts';
import { Session } from './session.ts';

export * from './errors.ts';
export type {
  Authentication,
  CallOptions,
  ChangeOptions,
  DownloadOptions,
  ExportOptions,
  Retry,
  RollcallOptions,
} from './options.ts';
export type { ExportRows, Rows } from './rows.ts';
export type { EventSubmitOptions, Many, Progress, Refused, SubmitOptions, Submitted } from './submit.ts';
export type { Operations, Problem } from './types.gen.ts';
export type * from './types.ts';

/**
 * A client of a Rollcall server or of the vendor's server: `new Rollcall({ baseUrl, apiKey, secret })`. The
 * client reads options that you leave out from `ROLLCALL_BASE_URL`, `ROLLCALL_API_KEY` and `ROLLCALL_SECRET`.
 * It sends nothing before the first call. You need not close it.
 */
export class Rollcall {
  /** Presence events: a user was detected at a node. */
  readonly presence: Presence;
  /** Occupancy events: how many people are at a node, or whether there are any. */
  readonly occupancy: Occupancy;
  /** Time off: leave that is scheduled or cancelled. */
  readonly timeOff: TimeOff;
  /** Access credentials: the cards of users. */
  readonly accessCredentials: AccessCredentials;
  /** Visitor arrivals. */
  readonly visitors: Visitors;
  /** Groups, and the user attributes from which the server derives groups. */
  readonly directory: Directory;
  /** Exports: dimensions, facts and metrics. */
  readonly analytics: Analytics;
  /**
   * Management: nodes, users, assigned desks, settings, plans and bookings. Only Rollcall servers have it.
   */
  readonly manage: Manage;
  /** People's sessions: signing in and out, on pages of the server. Only Rollcall servers have them. */
  readonly session: Session;

  /**
   * @throws AuthenticationError if a required option is missing, or if `authentication` has an unknown value.
   */
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
    this.session = new Session(transport);
  }
}
