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
   */
  redeem(
    link: Change<'POST /v1/session/link'>,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/session/link'>> {
    const request = { method: 'POST', path: '/v1/session/link', body: link, ...BY_A_PERSON };
    return this.#transport.json(request, options);
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
