import { Accounts } from './manage-accounts.ts';
import { at, ofVersion, pages, readVersioned } from './manage-calls.ts';
import { Days, WeekPlans } from './manage-days.ts';
import { FloorPlans } from './manage-floor-plans.ts';
import { Groups } from './manage-groups.ts';
import { Imports } from './manage-imports.ts';
import { Keys, ScimTokens } from './manage-keys.ts';
import { Collection, DeskAssignments, OfficeSettings } from './manage-places.ts';
import { Retention, Visitors } from './manage-retention.ts';
import { Users } from './manage-users.ts';
import type { CallOptions, ChangeOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Change, DateLike, Filter, Listing, PageWindow, Reply, Versioned } from './types.ts';

/** Selects refused events. */
export interface RefusedEventFilter {
  /** Only events that the server refused at this instant or later. */
  since?: DateLike | undefined;
  /** Only events of this endpoint: the last part of its path, such as `presence`. */
  endpoint?: string | undefined;
  /** Only events with exactly this `sourceId`. */
  sourceId?: string | undefined;
  /** Only events with this cause, such as `unknownUser`. */
  cause?: string | undefined;
  /** Only events with exactly this reason. */
  reason?: string | undefined;
  /** Only this event. */
  refusalId?: string | undefined;
  /** By default `open`: events that no later try has stored. */
  state?: 'open' | 'mended' | 'all' | undefined;
}

/** Selects answered requests. */
export interface RequestFilter {
  /** `true`: only requests with a status of 400 or more. `false`: only others. */
  failed?: boolean | undefined;
  /** Only requests of this route, such as `/v1/presence`. */
  route?: string | undefined;
  /** Only requests of this key or SCIM token. */
  caller?: string | undefined;
  /** Only requests with this correlation id. */
  correlationId?: string | undefined;
}

/** Selects entries of the audit trail. */
export interface AuditFilter {
  /** The first UTC date, as `YYYY-MM-DD`; with `endDate`. */
  startDate?: string | undefined;
  /** The last UTC date, included. */
  endDate?: string | undefined;
  /** Only these actions, such as `key.created`. */
  actions?: readonly string[] | undefined;
  /** A part of the name, or the whole id, of who did it or of one to whom it was done. */
  search?: string | undefined;
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
  /** Users, and what belongs to one of them. */
  readonly users: Users;
  /** Groups of users, to find one of many. */
  readonly groups: Groups;
  /** Assigned desks and their owners. */
  readonly deskAssignments: DeskAssignments;
  /** Settings of offices. */
  readonly settings: OfficeSettings;
  /** Week plans: the default plan of each weekday of a user. */
  readonly weekPlans: WeekPlans;
  /** Plans and bookings of single days. */
  readonly days: Days;
  /** The floor plans of levels. */
  readonly floorPlans: FloorPlans;
  /** CSV files, imported as `rollcall import` does. */
  readonly imports: Imports;
  /** The people who may sign in to the organisation. */
  readonly accounts: Accounts;
  /** The keys of programs. */
  readonly keys: Keys;
  /** The tokens of identity providers. */
  readonly scimTokens: ScimTokens;
  /** How long the organisation keeps each kind of data. */
  readonly retention: Retention;
  /** Visitors, to erase one. */
  readonly visitors: Visitors;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.locations = new Collection(transport, 'locations');
    this.levels = new Collection(transport, 'levels');
    this.zones = new Collection(transport, 'zones');
    this.desks = new Collection(transport, 'desks');
    this.spaces = new Collection(transport, 'spaces');
    this.users = new Users(transport);
    this.groups = new Groups(transport);
    this.deskAssignments = new DeskAssignments(transport);
    this.settings = new OfficeSettings(transport);
    this.weekPlans = new WeekPlans(transport);
    this.days = new Days(transport);
    this.floorPlans = new FloorPlans(transport);
    this.imports = new Imports(transport);
    this.accounts = new Accounts(transport);
    this.keys = new Keys(transport);
    this.scimTokens = new ScimTokens(transport);
    this.retention = new Retention(transport);
    this.visitors = new Visitors(transport);
  }

  /**
   * Nodes of all kinds, as a tree shows them: those directly in `parentId`, those `around` a node, or those whose name
   * has the words of `search`.
   */
  nodes(
    filter?: Filter<'GET /v1/manage/nodes'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/nodes'>> {
    return pages(this.#transport, at`nodes`, filter, options);
  }

  /** One page of `nodes`. */
  nodesPage(
    filter: Filter<'GET /v1/manage/nodes'> & PageWindow,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/nodes'>> {
    return this.#transport.json({ method: 'GET', path: at`nodes`, query: { ...filter } }, options);
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

  /** One page of these events. */
  refusedEventsPage(
    query: RefusedEventFilter & PageWindow = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/refused-events'>> {
    return this.#transport.json({ method: 'GET', path: at`refused-events`, query: { ...query } }, options);
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

  /** The number of refused events for each cause, and how many of them the server can try again. */
  async refusalCauses(
    filter: RefusedEventFilter = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/refused-events/causes'>['items']> {
    const { items } = await this.#transport.json<Reply<'GET /v1/manage/refused-events/causes'>>(
      { method: 'GET', path: at`refused-events/causes`, query: { ...filter } },
      options,
    );
    return items;
  }

  /**
   * Tries refused events again, the oldest first: one step of at most 100 events. Call it again with `next` of the
   * result as `after`, until `next` is null. A repeated call stores no event twice.
   */
  retryRefusedEvents(
    step: Change<'POST /v1/manage/refused-events/retry'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/refused-events/retry'>> {
    return this.#transport.json({ method: 'POST', path: at`refused-events/retry`, body: step }, options);
  }

  /** The daily event quota of the organisation, and how much of it is used. */
  eventQuota(options?: CallOptions): Promise<Reply<'GET /v1/manage/event-quota'>> {
    return this.#transport.json({ method: 'GET', path: at`event-quota` }, options);
  }

  /** The sources of events: the last event of each, its counts by hour and by day, and whether it is quiet. */
  sources(options?: CallOptions): Rows<Reply<'GET /v1/manage/sources'>['items'][number]> {
    return pages(this.#transport, at`sources`, {}, options);
  }

  /** One page of the answered requests of the last day, the newest first. They name no person. */
  requestsPage(
    query: RequestFilter & PageWindow = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/requests'>> {
    return this.#transport.json({ method: 'GET', path: at`requests`, query: { ...query } }, options);
  }

  /**
   * One page of the audit trail, the newest entries first. To load all of it, use `analytics.audit`.
   */
  auditPage(
    query: AuditFilter & PageWindow = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/audit'>> {
    return this.#transport.json({ method: 'GET', path: at`audit`, query: { ...query } }, options);
  }

  /** Each office on its day so far. The numbers are less than a second old, or a little more in a large organisation. */
  today(options?: CallOptions): Promise<Reply<'GET /v1/manage/today'>> {
    return this.#transport.json({ method: 'GET', path: at`today` }, options);
  }

  /** Who arrived last at an office today, the latest first. */
  latestArrivals(
    locationId: string,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/locations/{locationId}/arrivals'>> {
    return this.#transport.json({ method: 'GET', path: at`locations/${locationId}/arrivals` }, options);
  }

  /** The organisation and its settings. */
  organisation(options?: CallOptions): Promise<Reply<'GET /v1/manage/organisation'>> {
    return this.#transport.json({ method: 'GET', path: at`organisation` }, options);
  }

  /** Reads the organisation, with its version. `updateOrganisation` with this version fails if somebody has changed it meanwhile. */
  readOrganisation(options: CallOptions = {}): Promise<Versioned<Reply<'GET /v1/manage/organisation'>>> {
    return this.#transport.exchange({ method: 'GET', path: at`organisation` }, options, (answer) =>
      readVersioned(answer),
    );
  }

  /**
   * Changes the organisation. Members that you leave out stay as they are.
   * @throws ConflictError if `ifVersion` is not the present version.
   */
  updateOrganisation(
    change: Change<'PATCH /v1/manage/organisation'>,
    options?: ChangeOptions,
  ): Promise<Reply<'PATCH /v1/manage/organisation'>> {
    const path = at`organisation`;
    return this.#transport.json({ method: 'PATCH', path, body: change, ...ofVersion(options) }, options);
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
