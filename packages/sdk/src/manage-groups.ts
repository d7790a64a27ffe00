import { at, pages } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Filter, Listing, PageWindow, Reply } from './types.ts';

/** Groups of users. Group relationships, attributes and identity providers make them. */
export class Groups {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Lists all by name, active and inactive, or those that `filter` selects. Groups whose name begins with `search` come
   * first.
   */
  list(
    filter?: Filter<'GET /v1/manage/groups'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/groups'>> {
    return pages(this.#transport, at`groups`, filter, options);
  }

  /** One page of what `list` lists. */
  page(
    filter: Filter<'GET /v1/manage/groups'> & PageWindow,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/groups'>> {
    return this.#transport.json({ method: 'GET', path: at`groups`, query: { ...filter } }, options);
  }

  /**
   * Reads one.
   * @throws NotFoundError if the id does not exist.
   */
  get(groupId: string, options?: CallOptions): Promise<Reply<'GET /v1/manage/groups/{groupId}'>> {
    return this.#transport.json({ method: 'GET', path: at`groups/${groupId}` }, options);
  }
}
