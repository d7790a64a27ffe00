import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import type { Sealer } from './secrets.ts';
import { cookieNameOf, readCookie, setCookie } from './session-cookie.ts';

interface Deps {
  masterKey: Sealer;
  /** The GUID of this instance, which names the cookie on this machine. */
  instanceId: () => Promise<string>;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

interface Sealed<T> {
  value: T;
  expiresAtMs: number;
}

/**
 * What the server must remember while a person signs in, in a cookie that only the server can read and make. So a
 * sign-in belongs to one browser, and unknown callers fill no table.
 */
export class SealedCookie<T> {
  readonly #purpose: string;
  readonly #lifeMs: number;
  readonly #deps: Deps;

  /**
   * @param purpose part of the name; a value of one purpose does not open for another
   * @param lifeMs how long a value can be taken, in milliseconds
   */
  constructor(purpose: string, lifeMs: number, deps: Deps) {
    this.#purpose = purpose;
    this.#lifeMs = lifeMs;
    this.#deps = deps;
  }

  /** Gives the browser a value, in place of an earlier one. Throws a 403 where browsers must not get cookies. */
  async send(request: FastifyRequest, reply: FastifyReply, value: T): Promise<void> {
    const name = await this.#nameFor(request);
    if (name === undefined)
      throw new HttpProblem(403, 'Signing in over plain http works on this machine only.');
    const sealed: Sealed<T> = { value, expiresAtMs: this.#deps.clock() + this.#lifeMs };
    const text = this.#deps.masterKey.seal(JSON.stringify(sealed), this.#context()).toString('base64url');
    setCookie(reply, name, text, Math.ceil(this.#lifeMs / 1_000));
  }

  /** The value of the request's browser; undefined if there is none, or if it is too old. Removes it from the browser. */
  async take(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<{ value: T; expiresAt: Date } | undefined> {
    const name = await this.#nameFor(request);
    const text = name === undefined ? undefined : readCookie(request, name);
    if (name === undefined || text === undefined) return undefined;
    setCookie(reply, name, '', 0);
    const sealed = this.#open(text);
    if (!sealed || sealed.expiresAtMs <= this.#deps.clock()) return undefined;
    return { value: sealed.value, expiresAt: new Date(sealed.expiresAtMs) };
  }

  #open(text: string): Sealed<T> | undefined {
    try {
      return JSON.parse(this.#deps.masterKey.open(Buffer.from(text, 'base64url'), this.#context()));
    } catch {
      return undefined;
    }
  }

  #context(): string {
    return `cookie ${this.#purpose}`;
  }

  async #nameFor(request: FastifyRequest): Promise<string | undefined> {
    const name = cookieNameOf(request, await this.#deps.instanceId());
    return name === undefined ? undefined : `${name}-${this.#purpose}`;
  }
}
