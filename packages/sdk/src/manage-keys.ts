import { at } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Change, Reply } from './types.ts';

/** The keys of the organisation, by which programs log in. */
export class Keys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** All keys, the oldest first, and the roles of the keys that the caller may manage. */
  list(options?: CallOptions): Promise<Reply<'GET /v1/manage/keys'>> {
    return this.#transport.json({ method: 'GET', path: at`keys` }, options);
  }

  /**
   * Creates a key. The result has the secret, which no other call returns.
   * @throws PermissionError if the caller does not have the powers of the key itself.
   */
  create(key: Change<'POST /v1/manage/keys'>, options?: CallOptions): Promise<Reply<'POST /v1/manage/keys'>> {
    return this.#transport.json({ method: 'POST', path: at`keys`, body: key, once: true }, options);
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

  /** All tokens, the oldest first. */
  async list(options?: CallOptions): Promise<Reply<'GET /v1/manage/scim-tokens'>['items']> {
    const { items } = await this.#transport.json<Reply<'GET /v1/manage/scim-tokens'>>(
      { method: 'GET', path: at`scim-tokens` },
      options,
    );
    return items;
  }

  /** Creates a token. The result has its text, which no other call returns. */
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
