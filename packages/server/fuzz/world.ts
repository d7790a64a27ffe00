import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createLink, ensureMember, resetAccount } from '../src/auth/manage-accounts.ts';
import { changeKey, createKey, revokeKey } from '../src/auth/manage-keys.ts';
import { createScimToken } from '../src/auth/manage-scim-tokens.ts';
import { ACCOUNT_ROLES, type AccountRole } from '../src/store/auth/account-roles.ts';
import { API_KEY_ROLES, type ApiKeyAuthentication, type ApiKeyRole } from '../src/store/auth/api-keys.ts';
import { insertOrganisation } from '../src/store/directory/organisations.ts';
import type { Client } from './client.ts';
import { furnish, readCursors } from './furnish.ts';
import type { Server } from './server.ts';
import { signedUntil } from './signed-token.ts';

export interface Key {
  apiKey: string;
  secret: string;
}

export const PASSWORD = 'correct horse battery 7';

/** Where a world is made. */
export interface Place {
  server: Server;
  client: Client;
}

/** So many links of one sign-in may be ended by requests at the same time. */
const MOST_SIGN_INS = 5;

/**
 * An organisation in which things of all kinds exist. Requests name its things by references; nothing that they name is
 * a credential of the driver.
 */
export class World {
  readonly tenantId = randomUUID();
  readonly slug = `fuzz-${randomBytes(6).toString('hex')}`;
  /** It is in names of all kinds of things, and only the organisation may see it. */
  readonly marker = `secret${randomBytes(6).toString('hex')}`;
  /** Values that requests may name, by kind. */
  readonly known: Record<string, string[]> = {};
  /** By role; `elsewhere` is bound to networks from which the driver does not send, `office` to one office. */
  readonly keys = {} as Record<ApiKeyRole | 'hmac' | 'revoked' | 'elsewhere' | 'office', Key>;
  /** Of these keys, which had them before they were revoked or bound; and by OAuth of the key with All permissions. */
  readonly tokens = {} as Record<
    ApiKeyRole | 'oauth' | 'expired' | 'revoked' | 'elsewhere' | 'office',
    string
  >;
  scimToken = '';
  /** Cookies by role; `two` is of a person who belongs to two organisations, `ended` of one who has signed out. */
  readonly cookies = {} as Record<AccountRole | 'two' | 'ended', string>;
  readonly #place: Place;

  private constructor(place: Place) {
    this.#place = place;
  }

  /** An organisation with keys only. */
  static async empty(place: Place): Promise<World> {
    const world = new World(place);
    await world.#makeOrganisation();
    await world.#makeKeys();
    return world;
  }

  static async full(place: Place): Promise<World> {
    const world = await World.empty(place);
    await furnish(world);
    await world.#makeLimitedKeys();
    await world.#makeAccounts();
    await readCursors(world);
    return world;
  }

  /**
   * Signs a person with a role in once more. Returns the cookie. A request at the same time may end the links of the
   * person, by a new link or a new password. So it tries again.
   */
  async signIn(role: AccountRole): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const { token } = await createLink({ email: this.#email(`spare-${role}`) }, this.#operator);
      const cookie = await this.#redeem(token).catch((error: unknown) => {
        if (attempt === MOST_SIGN_INS) throw error;
      });
      if (cookie !== undefined) return cookie;
    }
  }

  /** A link that nobody has redeemed yet. */
  async link(): Promise<string> {
    return (await createLink({ email: this.#email('linked') }, this.#operator)).token;
  }

  /** Calls the server as the key with All permissions. Throws an error if the answer is not a success. */
  async call(method: string, target: string, body?: unknown, type = 'application/json'): Promise<Reply> {
    return this.callWith({ authorization: `Bearer ${this.tokens.all}` }, method, target, body, type);
  }

  /** As `call`, with the credentials that the headers have. */
  async callWith(
    headers: Record<string, string>,
    method: string,
    target: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<Reply> {
    const bytes =
      body === undefined
        ? null
        : Buffer.isBuffer(body)
          ? body
          : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const answer = await this.#place.client.send({
      method,
      target,
      headers: [...Object.entries(headers), ...(bytes ? [['content-type', type] as [string, string]] : [])],
      body: bytes,
    });
    const text = answer.body.toString();
    if (answer.status >= 300) throw new Error(`${method} ${target} of the driver: ${answer.status} ${text}`);
    const isJson = /json/.test(answer.headers['content-type'] ?? '');
    return { headers: answer.headers, body: isJson ? JSON.parse(text) : text } as Reply;
  }

  get #operator() {
    const { owner, masterKey } = this.#place.server;
    return { owner, masterKey, clock: Date.now };
  }

  async #makeOrganisation(): Promise<void> {
    const { tenantId, slug } = this;
    const organisation = { tenantId, slug, name: this.marker, timeZone: 'Europe/London' };
    await this.#operator.owner.inSystem((tx) =>
      insertOrganisation(tx, { ...organisation, isDemo: false, createdAt: new Date() }),
    );
  }

  #key(role: ApiKeyRole, authentication: ApiKeyAuthentication): Promise<Key> {
    return createKey(
      { tenantId: this.tenantId, name: `${role} ${this.marker}`, role, authentication },
      this.#operator,
    );
  }

  async #makeKeys(): Promise<void> {
    for (const role of API_KEY_ROLES) {
      this.keys[role] = await this.#key(role, 'basic');
      this.tokens[role] = (await this.#logIn(this.keys[role])).token;
    }
    this.keys.hmac = await this.#key('all', 'hmac');
    const { apiKey, secret } = this.keys.all;
    const granted = await this.callWith({}, 'POST', '/v1/auth/token', {
      client_id: apiKey,
      client_secret: secret,
    });
    this.tokens.oauth = granted.body.access_token;
    const named = await Promise.all([1, 2, 3, 4].map(() => this.#key('all', 'basic')));
    this.known.apiKey = named.map((key) => key.apiKey);
    this.known.ownKey = [this.keys.hmac.apiKey];
    this.known.ownSecret = [this.keys.hmac.secret];
    const token = () => createScimToken({ tenantId: this.tenantId, name: this.marker }, this.#operator);
    this.scimToken = (await token()).token;
    this.known.scimToken = [(await token()).tokenId, (await token()).tokenId];
  }

  /** Keys and tokens that the server refuses, and a key that reaches one office. */
  async #makeLimitedKeys(): Promise<void> {
    const made = [
      ['revoked', 'all'],
      ['elsewhere', 'all'],
      ['office', 'data-warehouse'],
    ] as const;
    for (const [name, role] of made) {
      this.keys[name] = await this.#key(role, 'basic');
      this.tokens[name] = (await this.#logIn(this.keys[name])).token;
    }
    const { revoked, elsewhere, office } = this.keys;
    await revokeKey(revoked.apiKey, this.#operator);
    await changeKey(elsewhere.apiKey, { networks: ['192.0.2.0/24'] }, this.#operator);
    await changeKey(office.apiKey, { locationIds: this.known.location?.slice(0, 1) ?? null }, this.#operator);
    const signed = (inS: number) => signedUntil(inS, this.tokens.all, this.#place.server);
    // The server accepts such a token before its end, so it refuses the other one for its end alone.
    await this.callWith({ authorization: `Bearer ${await signed(60)}` }, 'GET', '/v1/manage/locations');
    this.tokens.expired = await signed(-3_600);
  }

  async #logIn(key: Key): Promise<{ token: string }> {
    return (await this.callWith({}, 'POST', '/v1/auth', loginOf(key, Date.now()))).body as never;
  }

  #email(name: string): string {
    return `${name}.${this.slug}@example.com`;
  }

  #member(name: string, role: AccountRole, tenantId = this.tenantId): Promise<void> {
    return ensureMember({ tenantId, email: this.#email(name), name: this.marker, role }, this.#operator);
  }

  async #redeem(token: string, password?: string): Promise<string> {
    const headers = { 'sec-fetch-site': 'same-origin' };
    const reply = await this.callWith(headers, 'POST', '/v1/session/link', {
      token,
      ...(password ? { password } : {}),
    });
    return String(reply.headers['set-cookie']).split(';', 1)[0] ?? '';
  }

  async #setPassword(name: string): Promise<void> {
    const { token } = await resetAccount({ email: this.#email(name) }, this.#operator);
    await this.#redeem(token, PASSWORD);
  }

  async #makeAccounts(): Promise<void> {
    const cookieOf = async (name: string) =>
      this.#redeem((await createLink({ email: this.#email(name) }, this.#operator)).token);
    for (const role of ACCOUNT_ROLES) {
      await this.#member(role, role);
      await this.#member(`spare-${role}`, role);
      this.cookies[role] = await cookieOf(role);
    }
    await this.#member('two', 'administrator');
    const second = await World.empty(this.#place);
    await this.#member('two', 'viewer', second.tenantId);
    this.cookies.two = await cookieOf('two');
    this.cookies.ended = await cookieOf('viewer');
    const browser = { cookie: this.cookies.ended, 'sec-fetch-site': 'same-origin' };
    await this.callWith(browser, 'DELETE', '/v1/session');
    await this.#setPassword('spare-administrator');
    const names = ['named0', 'named1', 'named2', 'signer', 'linked'];
    for (const name of names) await this.#member(name, 'planner');
    await this.#setPassword('signer');
    this.known.signer = [this.#email('signer')];
    const { items } = (await this.call('GET', '/v1/manage/accounts?search=named')).body;
    this.known.account = items.map(({ accountId }: { accountId: string }) => accountId);
  }
}

interface Reply {
  headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: the bodies of a dozen operations, of which the driver reads single members
  body: any;
}

/** The body of an HMAC login. */
export function loginOf(
  { apiKey, secret }: Key,
  nowMs: number,
): { apiKey: string; timestamp: number; hash: string } {
  const timestamp = Math.floor(nowMs / 1_000);
  return {
    apiKey,
    timestamp,
    hash: createHmac('sha256', secret).update(`${apiKey}${timestamp}`).digest('hex'),
  };
}
