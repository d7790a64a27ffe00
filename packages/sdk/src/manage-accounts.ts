import { at, pages } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Change, Filter, Listing, PageWindow, Reply } from './types.ts';

/** The people who may sign in to the organisation. */
export class Accounts {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The accounts, by e-mail address. `search` selects those with these parts of the name or the address. */
  list(
    filter?: Filter<'GET /v1/manage/accounts'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/accounts'>> {
    return pages(this.#transport, at`accounts`, filter, options);
  }

  /** One page of `list`. */
  page(
    query: Filter<'GET /v1/manage/accounts'> & PageWindow = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/accounts'>> {
    return this.#transport.json({ method: 'GET', path: at`accounts`, query: { ...query } }, options);
  }

  /**
   * Invites a person. The result has the one-time link, which no other call returns.
   * @throws ConflictError if the person has a role already.
   */
  invite(
    invitation: Change<'POST /v1/manage/accounts'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/accounts'>> {
    return this.#transport.json(
      { method: 'POST', path: at`accounts`, body: invitation, once: true },
      options,
    );
  }

  /**
   * Changes a person's role.
   * @throws ConflictError for the last administrator.
   */
  update(
    accountId: string,
    change: Change<'PATCH /v1/manage/accounts/{accountId}'>,
    options?: CallOptions,
  ): Promise<Reply<'PATCH /v1/manage/accounts/{accountId}'>> {
    return this.#transport.json({ method: 'PATCH', path: at`accounts/${accountId}`, body: change }, options);
  }

  /**
   * Removes a person from the organisation, at once.
   * @throws ConflictError for the last administrator.
   */
  remove(accountId: string, options?: CallOptions): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: at`accounts/${accountId}` }, options);
  }

  /**
   * A new invitation, or a link by which the person sets another password.
   * @throws ConflictError if the account belongs to other organisations, too.
   */
  link(
    accountId: string,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/accounts/{accountId}/link'>> {
    return this.#transport.json(
      { method: 'POST', path: at`accounts/${accountId}/link`, once: true },
      options,
    );
  }

  /** A person's sessions, the newest first. */
  async sessions(
    accountId: string,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/accounts/{accountId}/sessions'>['items']> {
    const { items } = await this.#transport.json<Reply<'GET /v1/manage/accounts/{accountId}/sessions'>>(
      { method: 'GET', path: at`accounts/${accountId}/sessions` },
      options,
    );
    return items;
  }

  /** Ends all of a person's sessions. */
  endSessions(accountId: string, options?: CallOptions): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: at`accounts/${accountId}/sessions` }, options);
  }
}
