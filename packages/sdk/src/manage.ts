import { Accounts } from './manage-accounts.ts';
import { at, pages } from './manage-calls.ts';
import { Days, WeekPlans } from './manage-days.ts';
import { Keys, ScimTokens } from './manage-keys.ts';
import { Collection, DeskAssignments, OfficeSettings } from './manage-places.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Change, DateLike, Reply } from './types.ts';

/** Selects refused events. */
export interface RefusedEventFilter {
  /** Only events that the server refused at this instant or later. */
  since?: DateLike | undefined;
  /** Only events of this endpoint: the last part of its path, such as `presence`. */
  endpoint?: string | undefined;
  /** Only events with exactly this `sourceId`. */
  sourceId?: string | undefined;
  /** Only events with exactly this reason. */
  reason?: string | undefined;
}

/** Management: nodes, users, assigned desks, settings, plans and bookings. Only Rollcall servers have it. */
export class Manage {
  readonly #transport: Transport;
  /** Offices. */
  readonly locations: Collection<'locations'>;
  /** Levels of offices. */
  readonly levels: Collection<'levels'>;
  /** Zones of levels, also called neighbourhoods. */
  readonly zones: Collection<'zones'>;
  /** Desks of zones. */
  readonly desks: Collection<'desks'>;
  /** Rooms and booths of levels. */
  readonly spaces: Collection<'spaces'>;
  /** Users. */
  readonly users: Collection<'users'>;
  /** Assigned desks and their owners. */
  readonly deskAssignments: DeskAssignments;
  /** Settings of offices. */
  readonly settings: OfficeSettings;
  /** Week plans: the default plan of each weekday of a user. */
  readonly weekPlans: WeekPlans;
  /** Plans and bookings of single days. */
  readonly days: Days;
  /** The people who may sign in to the organisation. */
  readonly accounts: Accounts;
  /** The keys of programs. */
  readonly keys: Keys;
  /** The tokens of identity providers. */
  readonly scimTokens: ScimTokens;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.locations = new Collection(transport, 'locations');
    this.levels = new Collection(transport, 'levels');
    this.zones = new Collection(transport, 'zones');
    this.desks = new Collection(transport, 'desks');
    this.spaces = new Collection(transport, 'spaces');
    this.users = new Collection(transport, 'users');
    this.deskAssignments = new DeskAssignments(transport);
    this.settings = new OfficeSettings(transport);
    this.weekPlans = new WeekPlans(transport);
    this.days = new Days(transport);
    this.accounts = new Accounts(transport);
    this.keys = new Keys(transport);
    this.scimTokens = new ScimTokens(transport);
  }

  /** The state of each active desk of an office on a day, and the free capacity of its zones. */
  availability(
    locationId: string,
    query: { day: DateLike; free?: boolean | undefined },
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/locations/{locationId}/availability'>> {
    return this.#transport.json(
      { method: 'GET', path: at`locations/${locationId}/availability`, query },
      options,
    );
  }

  /**
   * The progress of the job that recomputes the days of events after the last change of an office's time
   * zone.
   */
  redating(
    locationId: string,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/locations/{locationId}/redating'>> {
    return this.#transport.json({ method: 'GET', path: at`locations/${locationId}/redating` }, options);
  }

  /** Events that the server refused in the last 30 days, and malformed requests. The newest come first. */
  refusedEvents(
    filter: RefusedEventFilter = {},
    options?: CallOptions,
  ): Rows<Reply<'GET /v1/manage/refused-events'>['items'][number]> {
    return pages(this.#transport, at`refused-events`, filter, options);
  }

  /**
   * The number of refused events for each endpoint and reason. Returns the 100 commonest, the most frequent
   * first.
   */
  async refusalReasons(
    filter: RefusedEventFilter = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/refused-events/reasons'>['items']> {
    const { items } = await this.#transport.json<Reply<'GET /v1/manage/refused-events/reasons'>>(
      { method: 'GET', path: at`refused-events/reasons`, query: { ...filter } },
      options,
    );
    return items;
  }

  /** Each office on its day so far. The numbers are less than a second old, or a little more in a large organisation. */
  today(options?: CallOptions): Promise<Reply<'GET /v1/manage/today'>> {
    return this.#transport.json({ method: 'GET', path: at`today` }, options);
  }

  /** The organisation and its settings. */
  organisation(options?: CallOptions): Promise<Reply<'GET /v1/manage/organisation'>> {
    return this.#transport.json({ method: 'GET', path: at`organisation` }, options);
  }

  /** Changes the organisation. Members that you leave out stay as they are. */
  updateOrganisation(
    change: Change<'PATCH /v1/manage/organisation'>,
    options?: CallOptions,
  ): Promise<Reply<'PATCH /v1/manage/organisation'>> {
    return this.#transport.json({ method: 'PATCH', path: at`organisation`, body: change }, options);
  }

  /** The settings of provisioning: the type of the groups that an identity provider keeps. */
  provisioning(options?: CallOptions): Promise<Reply<'GET /v1/manage/provisioning'>> {
    return this.#transport.json({ method: 'GET', path: at`provisioning` }, options);
  }

  /** Sets the type of the groups that an identity provider keeps. Existing groups get it too. */
  setProvisioning(
    settings: Change<'PUT /v1/manage/provisioning'>,
    options?: CallOptions,
  ): Promise<Reply<'PUT /v1/manage/provisioning'>> {
    return this.#transport.json({ method: 'PUT', path: at`provisioning`, body: settings }, options);
  }
}
