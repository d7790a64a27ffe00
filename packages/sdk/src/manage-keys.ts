import { at, pages } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Change, Listing, PageWindow, Reply } from './types.ts';

/** Selects keys or SCIM tokens. */
export interface CredentialFilter {
  /** `true`: only those that can be used now; `false`: only those that ended. */
  active?: boolean | undefined;
}

/** The keys of the organisation, by which programs log in. */
export class Keys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The keys, the newest first. */
  list(filter: CredentialFilter = {}, options?: CallOptions): Rows<Listing<'GET /v1/manage/keys'>> {
    return pages(this.#transport, at`keys`, filter, options);
  }

  /** One page of the keys, and the roles of the keys that the caller may manage. */
  page(
    query: CredentialFilter & PageWindow = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/keys'>> {
    return this.#transport.json({ method: 'GET', path: at`keys`, query: { ...query } }, options);
  }

  /**
   * Creates a key. The result has the secret, which no other call returns.
   * @throws ConflictError if the organisation has as many active keys as it may have.
   * @throws PermissionError if the caller does not have the powers of the key itself.
   */
  create(key: Change<'POST /v1/manage/keys'>, options?: CallOptions): Promise<Reply<'POST /v1/manage/keys'>> {
    return this.#transport.json({ method: 'POST', path: at`keys`, body: key, once: true }, options);
  }

  /**
   * Changes what a key is bound to, at once: when it ends, its networks and its offices. Also changes its rate limits. Members
   * that are left out stay; null removes a binding, and makes a limit the default again.
   * @throws ConflictError if the key has ended.
   * @throws PermissionError if the caller does not have the powers of the key itself.
   */
  change(
    apiKey: string,
    change: Change<'PATCH /v1/manage/keys/{apiKey}'>,
    options?: CallOptions,
  ): Promise<Reply<'PATCH /v1/manage/keys/{apiKey}'>> {
    return this.#transport.json({ method: 'PATCH', path: at`keys/${apiKey}`, body: change }, options);
  }

  /**
   * Gives a key a new secret, which no other call returns. The former one works for `graceS` seconds more.
   * @throws ConflictError if the key is revoked, or has another secret than `secretVersion` says.
   * @throws PermissionError if the caller does not have the powers of the key itself.
   */
  rotate(
    apiKey: string,
    rotation: Change<'POST /v1/manage/keys/{apiKey}/secret'> = {},
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/keys/{apiKey}/secret'>> {
    return this.#transport.json(
      { method: 'POST', path: at`keys/${apiKey}/secret`, body: rotation, once: true },
      options,
    );
  }

  /**
   * Revokes a key, at once and for good.
   * @throws PermissionError if the caller does not have the powers of the key itself.
   */
  revoke(apiKey: string, options?: CallOptions): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: at`keys/${apiKey}` }, options);
  }
}

/** The SCIM tokens of the organisation, by which identity providers provision users and groups. */
export class ScimTokens {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The tokens, the newest first. */
  list(filter: CredentialFilter = {}, options?: CallOptions): Rows<Listing<'GET /v1/manage/scim-tokens'>> {
    return pages(this.#transport, at`scim-tokens`, filter, options);
  }

  /** One page of the tokens. */
  page(
    query: CredentialFilter & PageWindow = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/scim-tokens'>> {
    return this.#transport.json({ method: 'GET', path: at`scim-tokens`, query: { ...query } }, options);
  }

  /**
   * Creates a token. The result has its text, which no other call returns.
   * @throws ConflictError if the organisation has as many active tokens as it may have.
   */
  create(
    token: Change<'POST /v1/manage/scim-tokens'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/scim-tokens'>> {
    return this.#transport.json({ method: 'POST', path: at`scim-tokens`, body: token, once: true }, options);
  }

  /** Revokes a token, at once and for good. */
  revoke(tokenId: string, options?: CallOptions): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: at`scim-tokens/${tokenId}` }, options);
  }
}
