import { addOffice, addUser, type Office, type TestUser } from './directory.ts';
import type { TestServer } from './server.ts';

export type Members = Record<string, unknown>;

export interface Result {
  eventId: string;
  resultCode: number;
  message: string;
}

export interface RefusedRow {
  sourceId: string | null;
  eventId: string | null;
  resultCode: number | null;
  endpoint: string;
  reason: string;
  event: string | null;
}

/** An organisation with an office and a user, and a client that has logged in with a key with All permissions. */
export class Workplace {
  readonly server: TestServer;
  readonly tenantId: string;
  readonly token: string;
  readonly office: Office;
  readonly user: TestUser;

  constructor(
    server: TestServer,
    known: { tenantId: string; token: string; office: Office; user: TestUser },
  ) {
    this.server = server;
    this.tenantId = known.tenantId;
    this.token = known.token;
    this.office = known.office;
    this.user = known.user;
  }

  static async open(server: TestServer, timeZone = 'UTC'): Promise<Workplace> {
    const tenantId = await server.organisation();
    return new Workplace(server, {
      tenantId,
      token: await server.token(await server.key(tenantId)),
      office: await addOffice(server.db.owner, tenantId, timeZone),
      user: await addUser(server.db.owner, tenantId),
    });
  }

  /** Posts a body: an object, or unchanged text. */
  post(path: string, payload: object | string, token = this.token) {
    return this.server.app.inject({
      method: 'POST',
      url: `/v1/${path}`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      payload,
    });
  }

  /** Posts a body and returns the answer. Throws unless the status is 200. */
  async submit<Answer>(path: string, body: object | string): Promise<Answer> {
    const reply = await this.post(path, body);
    if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
    return reply.json() as Answer;
  }

  /** The rows of a dataset of the warehouse. */
  async exported(dataset: string, query = 'startDate=2026-03-01&endDate=2026-03-31'): Promise<Members[]> {
    const reply = await this.server.app.inject({
      url: `/v1/analytics/${dataset}?${query}`,
      headers: { authorization: `Bearer ${this.token}` },
    });
    if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
    return reply.json() as Members[];
  }

  /** The refused events, in the order of their event ids. */
  async refused(): Promise<RefusedRow[]> {
    return this.server.db.owner.inTenant(this.tenantId, async (tx) => {
      const { rows } = await tx.query<RefusedRow>(
        `SELECT source_id AS "sourceId", event_id AS "eventId", result_code AS "resultCode", endpoint, reason, event
         FROM refused_events WHERE tenant_id = $1 ORDER BY refused_at, event_id, reason`,
        [this.tenantId],
      );
      return rows;
    });
  }

  /** The statuses with which a path answers a key of each role. */
  async statusByRole(path: string, body: object): Promise<Record<string, number>> {
    const roles = ['submitting-events', 'visitor-only', 'data-warehouse', 'all'] as const;
    const statuses = roles.map(async (role) => {
      const token = await this.server.token(await this.server.key(this.tenantId, { role }));
      return [role, (await this.post(path, body, token)).statusCode] as const;
    });
    return Object.fromEntries(await Promise.all(statuses));
  }
}

export const NUL = '\0';
export const LONE_SURROGATE = 'a\udc00b';
export const TOO_LONG = 'x'.repeat(1_025);
/** Texts that no member may hold. */
export const BAD_TEXTS = [`a${NUL}b`, LONE_SURROGATE, '\ud800', TOO_LONG];
