import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Change, Reply } from './types.ts';

/** A password counts as tried, and a link as used. */
const BY_A_PERSON = { once: true, reportsRateLimit: true };

/** People's sessions, for web pages of the server: the browser keeps the cookie. Only Rollcall servers have them. */
export class Session {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Who is signed in, and the organisations with the person's role in each.
   * @throws AuthenticationError if nobody is.
   */
  get(options?: CallOptions): Promise<Reply<'GET /v1/session'>> {
    return this.#transport.json({ method: 'GET', path: '/v1/session' }, options);
  }

  /**
   * Signs in with a password.
   * @throws AuthenticationError if the address or the password is wrong.
   * @throws RollcallError with the status 429 and `retryAfterMs` after too many failures.
   */
  signIn(credentials: Change<'POST /v1/session'>, options?: CallOptions): Promise<Reply<'POST /v1/session'>> {
    const request = { method: 'POST', path: '/v1/session', body: credentials, ...BY_A_PERSON };
    return this.#transport.json(request, options);
  }

  /**
   * Redeems a one-time link: signs in, accepts an invitation or sets a password.
   * @throws AuthenticationError if the link is wrong, used or expired.
   * @throws ValidationError if the link needs a password, or a better one. The link can be used again then.
   * @throws ConflictError if an organisation would lose its last administrator. The link can be used again then.
   */
  redeem(
    link: Change<'POST /v1/session/link'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/session/link'>> {
    const request = { method: 'POST', path: '/v1/session/link', body: link, ...BY_A_PERSON };
    return this.#transport.json(request, options);
  }

  /** How people sign in to the server. Nobody needs to be signed in. */
  methods(options?: CallOptions): Promise<Reply<'GET /v1/session/methods'>> {
    return this.#transport.json({ method: 'GET', path: '/v1/session/methods' }, options);
  }

  /**
   * Begins a sign-in by OpenID Connect. The browser then goes to `location`.
   * @throws PermissionError if the server has no identity provider, or if the sign-in must be newer.
   * @throws UnavailableError if the provider does not answer.
   */
  startOpenId(
    wanted: Change<'POST /v1/session/openid'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/session/openid'>> {
    return this.#transport.json(
      { method: 'POST', path: '/v1/session/openid', body: wanted, ...BY_A_PERSON },
      options,
    );
  }

  /**
   * Ends a sign-in by OpenID Connect, with the query of the address to which the provider sent the browser.
   * @throws AuthenticationError if the answer is no proof, or belongs to another browser.
   * @throws PermissionError if the identity has no account.
   */
  finishOpenId(
    answer: Change<'POST /v1/session/openid/return'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/session/openid/return'>> {
    const path = '/v1/session/openid/return';
    return this.#transport.json({ method: 'POST', path, body: answer, ...BY_A_PERSON }, options);
  }

  /** Begins a sign-in with a passkey: the options for the browser. */
  startPasskeySignIn(options?: CallOptions): Promise<Reply<'POST /v1/session/passkey/options'>> {
    return this.#transport.json({ method: 'POST', path: '/v1/session/passkey/options', body: {} }, options);
  }

  /**
   * Signs in with a passkey.
   * @throws AuthenticationError if the passkey is unknown or its answer wrong.
   */
  signInWithPasskey(
    answer: Change<'POST /v1/session/passkey'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/session/passkey'>> {
    const request = { method: 'POST', path: '/v1/session/passkey', body: answer, ...BY_A_PERSON };
    return this.#transport.json(request, options);
  }

  /** Changes the own account. */
  update(change: Change<'PATCH /v1/session'>, options?: CallOptions): Promise<Reply<'PATCH /v1/session'>> {
    return this.#transport.json({ method: 'PATCH', path: '/v1/session', body: change }, options);
  }

  /** The own passkeys, the oldest first. */
  async passkeys(options?: CallOptions): Promise<Reply<'GET /v1/session/passkeys'>['items']> {
    const { items } = await this.#transport.json<Reply<'GET /v1/session/passkeys'>>(
      { method: 'GET', path: '/v1/session/passkeys' },
      options,
    );
    return items;
  }

  /**
   * Begins to add a passkey: the options for the browser.
   * @throws PermissionError if the sign-in must be newer.
   */
  startPasskey(options?: CallOptions): Promise<Reply<'POST /v1/session/passkeys/options'>> {
    return this.#transport.json({ method: 'POST', path: '/v1/session/passkeys/options', body: {} }, options);
  }

  /** Adds a passkey that the browser has made. */
  addPasskey(
    passkey: Change<'POST /v1/session/passkeys'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/session/passkeys'>> {
    const request = { method: 'POST', path: '/v1/session/passkeys', body: passkey, once: true };
    return this.#transport.json(request, options);
  }

  /** Renames a passkey. */
  renamePasskey(
    passkeyId: string,
    change: Change<'PATCH /v1/session/passkeys/{passkeyId}'>,
    options?: CallOptions,
  ): Promise<void> {
    return this.#transport.json({ method: 'PATCH', path: passkeyPath(passkeyId), body: change }, options);
  }

  /**
   * Removes a passkey.
   * @throws PermissionError if the sign-in must be newer.
   * @throws ConflictError for the last passkey of an account that requires one, and for the last way to sign in.
   */
  removePasskey(passkeyId: string, options?: CallOptions): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: passkeyPath(passkeyId) }, options);
  }

  /** The own identities at identity providers, the oldest first. */
  async identities(options?: CallOptions): Promise<Reply<'GET /v1/session/identities'>['items']> {
    const { items } = await this.#transport.json<Reply<'GET /v1/session/identities'>>(
      { method: 'GET', path: '/v1/session/identities' },
      options,
    );
    return items;
  }

  /**
   * Disconnects one of the own identities, and ends the other sessions that began with it.
   * @throws PermissionError if the sign-in must be newer.
   * @throws ConflictError for the last way to sign in, the last role, and the last administrator of an organisation.
   */
  disconnectIdentity(identityId: string, options?: CallOptions): Promise<void> {
    const path = `/v1/session/identities/${encodeURIComponent(identityId)}`;
    return this.#transport.json({ method: 'DELETE', path }, options);
  }

  /**
   * Makes the first organisation and its administrator, by the link that `rollcall serve` prints.
   * @throws AuthenticationError if the link is wrong, used or expired.
   * @throws ValidationError if something is missing or not acceptable. The link can be used again then.
   */
  setUp(answers: Change<'POST /v1/set-up'>, options?: CallOptions): Promise<Reply<'POST /v1/set-up'>> {
    const request = { method: 'POST', path: '/v1/set-up', body: answers, ...BY_A_PERSON };
    return this.#transport.json(request, options);
  }

  /** Signs out. */
  signOut(options?: CallOptions): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: '/v1/session' }, options);
  }

  /** Changes the own password. All other sessions of the account end. */
  changePassword(passwords: Change<'PUT /v1/session/password'>, options?: CallOptions): Promise<void> {
    const request = { method: 'PUT', path: '/v1/session/password', body: passwords, ...BY_A_PERSON };
    return this.#transport.json(request, options);
  }

  /** The own sessions, the newest first. */
  async list(options?: CallOptions): Promise<Reply<'GET /v1/session/sessions'>['items']> {
    const { items } = await this.#transport.json<Reply<'GET /v1/session/sessions'>>(
      { method: 'GET', path: '/v1/session/sessions' },
      options,
    );
    return items;
  }

  /** Ends one of the own sessions. */
  end(sessionId: string, options?: CallOptions): Promise<void> {
    const path = `/v1/session/sessions/${encodeURIComponent(sessionId)}`;
    return this.#transport.json({ method: 'DELETE', path }, options);
  }
}

function passkeyPath(passkeyId: string): string {
  return `/v1/session/passkeys/${encodeURIComponent(passkeyId)}`;
}
