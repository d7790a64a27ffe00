import { expect } from 'vitest';
import type { ChangesClient } from './changes.ts';
import { goodEvent, type Members } from './presence.ts';
import { enforceRetention, runTask } from './retention.ts';
import { outlastTransactions } from './transactions.ts';

export type Json = Record<string, unknown>;

/** Then the names of March 2026 and before have ended, and those of April and later have not. */
export const IN_MAY_2027 = '2027-05-01T12:00:00Z';

/** What tests of the end of names do with the organisation of a client. */
export class NamesClient {
  readonly #client: ChangesClient;

  constructor(client: ChangesClient) {
    this.#client = client;
  }

  at = (instant: string) => {
    this.#client.server.clock.nowMs = Date.parse(instant);
  };

  enforce = () => enforceRetention(this.#client);

  post = async (path: string, payload: object): Promise<Json[]> => {
    const { server, site } = this.#client;
    const reply = await server.app.inject({
      method: 'POST',
      url: `/v1/${path}`,
      headers: { authorization: `Bearer ${await server.token(site.key)}`, prefer: 'tell-new' },
      payload,
    });
    expect(reply.statusCode, reply.body).toBe(200);
    return reply.json().results;
  };

  submit = (...events: Members[]) =>
    this.post('presence', {
      sourceId: 'door',
      presenceEvents: events.map((event) => goodEvent(this.#client.site, event)),
    });

  /** Posts the arrival of a visitor. */
  arrive = (members: object) =>
    this.post('visitor-arrival', {
      sourceId: 'desk',
      visitorArrivals: [
        {
          ...{ eventId: 'v1', visitorName: 'Vera Visitor', visitorEmail: 'vera@example.com' },
          ...{ visitorCompany: 'Vera & Co.', timestamp: '2026-03-10T09:00:00Z' },
          ...{ locationId: this.#client.site.office.locationId, locationType: 'location', ...members },
        },
      ],
    });

  stored = async (sql: string) => (await this.#client.write(sql)).rows as Json[];

  usersOf = async (table: string) =>
    (await this.stored(`SELECT DISTINCT user_id AS id FROM ${table} WHERE tenant_id = $1`)).map(
      ({ id }) => id,
    );

  /** Nothing leads back to people of years all of whose names have ended, 90 days after the last one. */
  closeYears = async (): Promise<void> => {
    const { clock, db, stopwatch } = this.#client.server;
    await db.owner.inSystem((tx) => tx.query('DELETE FROM attendance_marks'));
    await outlastTransactions(db.owner);
    await runTask(this.#client, 'prune');
    clock.nowMs += 91 * 86_400_000;
    await runTask(this.#client, 'prune');
    // The server has read what is closed a while ago.
    stopwatch.nowMs += 5_000;
  };
}
