import { at, pages, submitItems } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
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

/** One kind of places, or people. */
export class Collection<K extends Kind> {
  readonly #transport: Transport;
  readonly #kind: K;
  constructor(transport: Transport, kind: K) {
    this.#transport = transport;
    this.#kind = kind;
  }

  /** All of them, active and inactive, by id; or those that `filter` selects. */
  list(filter?: Filter<`GET /v1/manage/${K}`>, options?: CallOptions): Rows<Listing<`GET /v1/manage/${K}`>> {
    return pages(this.#transport, at`${this.#kind}`, filter, options);
  }

  /** @throws NotFoundError where there is none of this id */
  get(id: string, options?: CallOptions): Promise<Reply<ById<K, 'GET'>>> {
    return this.#transport.json({ method: 'GET', path: at`${this.#kind}/${id}` }, options);
  }

  /**
   * Changes one: what is left out stays, null empties. Gives it as it is then.
   * @throws NotFoundError where there is none of this id
   * @throws ConflictError when a name or an e-mail is taken
   * @throws ValidationError when a value is wrong
   */
  update(
    id: string,
    change: Change<ById<K, 'PATCH'>>,
    options?: CallOptions,
  ): Promise<Reply<ById<K, 'GET'>>> {
    const path = at`${this.#kind}/${id}`;
    return this.#transport.json({ method: 'PATCH', path, body: change }, options);
  }

  /** Creates and changes any number, a thousand in a call, in order; null and what is left out stay as they are. */
  submit(
    items: Many<Item<`POST /v1/manage/${K}`>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<`POST /v1/manage/${K}`>, Result<`POST /v1/manage/${K}`>>> {
    return submitItems(this.#transport, at`${this.#kind}`, items, options);
  }
}

/** Whose desks are whose. */
export class DeskAssignments {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Desks that are assigned to somebody, by id. */
  list(
    filter?: Filter<'GET /v1/manage/desk-assignments'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/desk-assignments'>> {
    return pages(this.#transport, at`desk-assignments`, filter, options);
  }

  /** Assigns a desk to the person that `userId` or `userName` names. */
  set(
    deskId: string,
    person: Change<'PUT /v1/manage/desks/{deskId}/assignment'>,
    options?: CallOptions,
  ): Promise<Reply<'PUT /v1/manage/desks/{deskId}/assignment'>> {
    return this.#transport.json(
      { method: 'PUT', path: at`desks/${deskId}/assignment`, body: person },
      options,
    );
  }

  /** Makes a desk nobody's. */
  clear(
    deskId: string,
    options?: CallOptions,
  ): Promise<Reply<'DELETE /v1/manage/desks/{deskId}/assignment'>> {
    return this.#transport.json({ method: 'DELETE', path: at`desks/${deskId}/assignment` }, options);
  }

  /** Assigns any number of desks, a thousand in a call, in order. A `userId` of null makes a desk nobody's. */
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

  /** @throws NotFoundError where there is no such office */
  get(
    locationId: string,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/locations/{locationId}/settings'>> {
    return this.#transport.json({ method: 'GET', path: at`locations/${locationId}/settings` }, options);
  }

  /** Changes settings of an office: what is left out stays. */
  update(
    locationId: string,
    change: Change<'PATCH /v1/manage/locations/{locationId}/settings'>,
    options?: CallOptions,
  ): Promise<Reply<'PATCH /v1/manage/locations/{locationId}/settings'>> {
    const path = at`locations/${locationId}/settings`;
    return this.#transport.json({ method: 'PATCH', path, body: change }, options);
  }

  /** Changes settings of any number of offices, a thousand in a call. */
  submit(
    items: Many<Item<'POST /v1/manage/office-settings'>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<'POST /v1/manage/office-settings'>, Result<'POST /v1/manage/office-settings'>>> {
    return submitItems(this.#transport, at`office-settings`, items, options);
  }
}
