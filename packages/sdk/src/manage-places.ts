import { at, pages, submitItems } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Query, Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Many, SubmitOptions, Submitted } from './submit.ts';
import type { Operations } from './types.gen.ts';
import type { Change, Filter, Item, Listing, Reply, Result } from './types.ts';

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

  /**
   * One page of what `list` lists. `limit` is 1 to 1,000, by default 100; `after` is `next` of the page before. Without a
   * `next`, there are no more.
   */
  page(
    filter: Filter<`GET /v1/manage/${K}`> & { limit?: number; after?: string },
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
   * Changes one. Members that you leave out stay as they are; null empties a member. Returns the new state.
   * @throws NotFoundError if the id does not exist.
   * @throws ConflictError if a name or an e-mail address is in use.
   * @throws ValidationError if a value is invalid.
   */
  update(
    id: string,
    change: Change<ById<K, 'PATCH'>>,
    options?: CallOptions,
  ): Promise<Reply<ById<K, 'GET'>>> {
    const path = at`${this.#kind}/${id}`;
    return this.#transport.json({ method: 'PATCH', path, body: change }, options);
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
    filter?: Filter<'GET /v1/manage/desk-assignments'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/desk-assignments'>> {
    return pages(this.#transport, at`desk-assignments`, filter, options);
  }

  /** Assigns a desk to the user that `userId` or `userName` names. */
  set(
    deskId: string,
    user: Change<'PUT /v1/manage/desks/{deskId}/assignment'>,
    options?: CallOptions,
  ): Promise<Reply<'PUT /v1/manage/desks/{deskId}/assignment'>> {
    return this.#transport.json({ method: 'PUT', path: at`desks/${deskId}/assignment`, body: user }, options);
  }

  /** Removes the assignment of a desk. */
  clear(
    deskId: string,
    options?: CallOptions,
  ): Promise<Reply<'DELETE /v1/manage/desks/{deskId}/assignment'>> {
    return this.#transport.json({ method: 'DELETE', path: at`desks/${deskId}/assignment` }, options);
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

  /** Changes settings of an office. Settings that you leave out stay as they are. */
  update(
    locationId: string,
    change: Change<'PATCH /v1/manage/locations/{locationId}/settings'>,
    options?: CallOptions,
  ): Promise<Reply<'PATCH /v1/manage/locations/{locationId}/settings'>> {
    const path = at`locations/${locationId}/settings`;
    return this.#transport.json({ method: 'PATCH', path, body: change }, options);
  }

  /** Changes settings of any number of offices in order, 1,000 in a request. */
  submit(
    items: Many<Item<'POST /v1/manage/office-settings'>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<'POST /v1/manage/office-settings'>, Result<'POST /v1/manage/office-settings'>>> {
    return submitItems(this.#transport, at`office-settings`, items, options);
  }
}
