import { at, csvFile, ofVersion, pages, readVersioned, submitItems } from './manage-calls.ts';
import type { CallOptions, ChangeOptions } from './options.ts';
import type { Query, Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Many, SubmitOptions, Submitted } from './submit.ts';
import type { Operations } from './types.gen.ts';
import type {
  BookingEffects,
  Change,
  Filter,
  Item,
  Listing,
  PageWindow,
  Reply,
  Result,
  Versioned,
} from './types.ts';

interface IdNames {
  locations: 'locationId';
  levels: 'levelId';
  zones: 'zoneId';
  desks: 'deskId';
  spaces: 'spaceId';
  users: 'userId';
}

type Kind = keyof IdNames;

type ById<K extends Kind, Method extends 'GET' | 'PATCH'> = `${Method} /v1/manage/${K}/{${IdNames[K]}}` &
  keyof Operations;

/** The nodes of one kind, or the users. */
export class Collection<K extends Kind> {
  readonly #transport: Transport;
  readonly #kind: K;
  constructor(transport: Transport, kind: K) {
    this.#transport = transport;
    this.#kind = kind;
  }

  /** Lists all, active and inactive, or those that `filter` selects. They come in the order of ids. */
  list(filter?: Filter<`GET /v1/manage/${K}`>, options?: CallOptions): Rows<Listing<`GET /v1/manage/${K}`>> {
    return pages(this.#transport, at`${this.#kind}`, filter, options);
  }

  /** One page of what `list` lists. */
  page(
    filter: Filter<`GET /v1/manage/${K}`> & PageWindow,
    options?: CallOptions,
  ): Promise<Reply<`GET /v1/manage/${K}`>> {
    const query: Query = { ...filter };
    return this.#transport.json({ method: 'GET', path: at`${this.#kind}`, query }, options);
  }

  /**
   * Reads one.
   * @throws NotFoundError if the id does not exist.
   */
  get(id: string, options?: CallOptions): Promise<Reply<ById<K, 'GET'>>> {
    return this.#transport.json({ method: 'GET', path: at`${this.#kind}/${id}` }, options);
  }

  /**
   * Reads one, with its version. `update` with this version fails if somebody has changed it meanwhile.
   * @throws NotFoundError if the id does not exist.
   */
  read(id: string, options: CallOptions = {}): Promise<Versioned<Reply<ById<K, 'GET'>>>> {
    const path = at`${this.#kind}/${id}`;
    return this.#transport.exchange({ method: 'GET', path }, options, (answer) => readVersioned(answer));
  }

  /**
   * Changes one. Members that you leave out stay as they are; null empties a member. Returns the new state.
   * @throws NotFoundError if the id does not exist.
   * @throws ConflictError if a name or an e-mail address is in use, or if `ifVersion` is not the present version.
   * @throws ValidationError if a value is invalid.
   */
  update(
    id: string,
    change: Change<ById<K, 'PATCH'>>,
    options?: ChangeOptions,
  ): Promise<Reply<ById<K, 'GET'>>> {
    const path = at`${this.#kind}/${id}`;
    return this.#transport.json({ method: 'PATCH', path, body: change, ...ofVersion(options) }, options);
  }

  /**
   * What `update` would do to bookings. The server makes the change and takes it back.
   * @throws ConflictError if a name or an e-mail address is in use.
   * @throws ValidationError if a value is invalid.
   */
  effects(id: string, change: Change<ById<K, 'PATCH'>>, options?: CallOptions): Promise<BookingEffects> {
    const path = at`${this.#kind}/${id}/effects`;
    return this.#transport.json({ method: 'POST', path, body: change }, options);
  }

  /**
   * Creates and changes any number of items in order, 1,000 in a request. Members that are null or left out
   * stay as they are.
   */
  submit(
    items: Many<Item<`POST /v1/manage/${K}`>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<`POST /v1/manage/${K}`>, Result<`POST /v1/manage/${K}`>>> {
    return submitItems(this.#transport, at`${this.#kind}`, items, options);
  }
}

/** Assigned desks and their owners. */
export class DeskAssignments {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Lists assigned desks in the order of desk ids. */
  list(
    filter?: Omit<Filter<'GET /v1/manage/desk-assignments'>, 'format'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/desk-assignments'>> {
    return pages(this.#transport, at`desk-assignments`, filter, options);
  }

  /** Those that have an effect as a CSV file, which `imports.submit('desk-assignments', …)` takes. */
  file(
    filter?: Omit<Filter<'GET /v1/manage/desk-assignments'>, 'format'>,
    options?: CallOptions,
  ): Promise<string> {
    return csvFile(this.#transport, at`desk-assignments`, filter, options);
  }

  /**
   * Assigns a desk to the user that `userId` or `userName` names. `ifVersion` is the version of the desk.
   * @throws ConflictError if the desk is retired, or if `ifVersion` is not its present version.
   */
  set(
    deskId: string,
    user: Change<'PUT /v1/manage/desks/{deskId}/assignment'>,
    options?: ChangeOptions,
  ): Promise<Reply<'PUT /v1/manage/desks/{deskId}/assignment'>> {
    const path = at`desks/${deskId}/assignment`;
    return this.#transport.json({ method: 'PUT', path, body: user, ...ofVersion(options) }, options);
  }

  /**
   * Removes the assignment of a desk. `ifVersion` is the version of the desk.
   * @throws ConflictError if `ifVersion` is not its present version.
   */
  clear(
    deskId: string,
    options?: ChangeOptions,
  ): Promise<Reply<'DELETE /v1/manage/desks/{deskId}/assignment'>> {
    const path = at`desks/${deskId}/assignment`;
    return this.#transport.json({ method: 'DELETE', path, ...ofVersion(options) }, options);
  }

  /** Assigns any number of desks in order, 1,000 in a request. A `userId` of null removes an assignment. */
  submit(
    items: Many<Item<'POST /v1/manage/desk-assignments'>>,
    options?: SubmitOptions,
  ): Promise<
    Submitted<Item<'POST /v1/manage/desk-assignments'>, Result<'POST /v1/manage/desk-assignments'>>
  > {
    return submitItems(this.#transport, at`desk-assignments`, items, options);
  }
}

/** Settings of offices. */
export class OfficeSettings {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Reads the settings of an office.
   * @throws NotFoundError if the office does not exist.
   */
  get(
    locationId: string,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/locations/{locationId}/settings'>> {
    return this.#transport.json({ method: 'GET', path: at`locations/${locationId}/settings` }, options);
  }

  /**
   * Reads the settings of an office, with their version.
   * @throws NotFoundError if the office does not exist.
   */
  read(
    locationId: string,
    options: CallOptions = {},
  ): Promise<Versioned<Reply<'GET /v1/manage/locations/{locationId}/settings'>>> {
    const path = at`locations/${locationId}/settings`;
    return this.#transport.exchange({ method: 'GET', path }, options, (answer) => readVersioned(answer));
  }

  /**
   * Changes settings of an office. Settings that you leave out stay as they are.
   * @throws ConflictError if `ifVersion` is not the present version.
   */
  update(
    locationId: string,
    change: Change<'PATCH /v1/manage/locations/{locationId}/settings'>,
    options?: ChangeOptions,
  ): Promise<Reply<'PATCH /v1/manage/locations/{locationId}/settings'>> {
    const path = at`locations/${locationId}/settings`;
    return this.#transport.json({ method: 'PATCH', path, body: change, ...ofVersion(options) }, options);
  }

  /** Changes settings of any number of offices in order, 1,000 in a request. */
  submit(
    items: Many<Item<'POST /v1/manage/office-settings'>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<'POST /v1/manage/office-settings'>, Result<'POST /v1/manage/office-settings'>>> {
    return submitItems(this.#transport, at`office-settings`, items, options);
  }
}
