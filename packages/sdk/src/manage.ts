import { at, pages } from './manage-calls.ts';
import { Days, WeekPlans } from './manage-days.ts';
import { Collection, DeskAssignments, OfficeSettings } from './manage-places.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Change, DateLike, Reply } from './types.ts';

/** Which refused events are meant. */
export interface RefusedEventFilter {
  /** Refused at this instant or later. */
  since?: DateLike | undefined;
  /** The last part of the path, such as `presence`. */
  endpoint?: string | undefined;
  /** Exactly this `sourceId`. */
  sourceId?: string | undefined;
  /** Exactly this reason. */
  reason?: string | undefined;
}

/** Management: places, people, assigned desks, settings, plans and bookings. Rollcall only; the vendor has nothing like it. */
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
  /** Rooms and other spaces of levels. */
  readonly spaces: Collection<'spaces'>;
  /** People. */
  readonly users: Collection<'users'>;
  /** Desks that belong to somebody. */
  readonly deskAssignments: DeskAssignments;
  /** Settings of offices. */
  readonly settings: OfficeSettings;
  /** What people do by the days of the week, unless a day says otherwise. */
  readonly weekPlans: WeekPlans;
  /** Plans and bookings of days. */
  readonly days: Days;

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
  }

  /** Desks of an office and what state they are in on a day, and what its zones have left. */
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

  /** How far an office's events follow the last change of its time zone. */
  redating(
    locationId: string,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/locations/{locationId}/redating'>> {
    return this.#transport.json({ method: 'GET', path: at`locations/${locationId}/redating` }, options);
  }

  /** Events that were refused in the last 30 days, and malformed requests, the newest first. */
  refusedEvents(
    filter: RefusedEventFilter = {},
    options?: CallOptions,
  ): Rows<Reply<'GET /v1/manage/refused-events'>['items'][number]> {
    return pages(this.#transport, at`refused-events`, filter, options);
  }

  /** How many events were refused for each reason, the commonest first. */
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

  /** The organisation and its settings. */
  organisation(options?: CallOptions): Promise<Reply<'GET /v1/manage/organisation'>> {
    return this.#transport.json({ method: 'GET', path: at`organisation` }, options);
  }

  /** Changes the organisation: what is left out stays. */
  updateOrganisation(
    change: Change<'PATCH /v1/manage/organisation'>,
    options?: CallOptions,
  ): Promise<Reply<'PATCH /v1/manage/organisation'>> {
    return this.#transport.json({ method: 'PATCH', path: at`organisation`, body: change }, options);
  }

  /** How provisioned groups are kept. */
  provisioning(options?: CallOptions): Promise<Reply<'GET /v1/manage/provisioning'>> {
    return this.#transport.json({ method: 'GET', path: at`provisioning` }, options);
  }

  /** Chooses how provisioned groups are kept. */
  setProvisioning(
    settings: Change<'PUT /v1/manage/provisioning'>,
    options?: CallOptions,
  ): Promise<Reply<'PUT /v1/manage/provisioning'>> {
    return this.#transport.json({ method: 'PUT', path: at`provisioning`, body: settings }, options);
  }
}
