import { expect } from 'vitest';
import type { ShownKey } from '../../src/auth/manage-keys.ts';
import { basic, type TestServer } from './server.ts';

/** A row of user-booking-attendance as a client receives it. */
export interface AttendanceRow {
  userId: string;
  primaryLocationId: string | null;
  day: string;
  plan: string;
  attendanceType?: string;
  attendanceLocationId?: string;
  [column: string]: unknown;
}

/** A client with an organisation's key: it submits events and reads attendance. */
export class AttendanceClient {
  readonly #server: TestServer;
  readonly #authorization: string;

  constructor(server: TestServer, key: Pick<ShownKey, 'apiKey' | 'secret'>) {
    this.#server = server;
    this.#authorization = basic(key);
  }

  /** Submits presence in one call. Throws unless the server stores all of it. */
  async submit(sightings: Sighting[]): Promise<void> {
    const reply = await this.#server.app.inject({
      method: 'POST',
      url: '/v1/presence/basic',
      headers: { authorization: this.#authorization },
      payload: {
        sourceId: 'door',
        presenceEvents: sightings.map(({ userId, nodeId, kind = 'location', at }) => ({
          eventId: `${userId} ${nodeId} ${at}`,
          timestamp: at,
          locationId: nodeId,
          locationType: kind,
          userId,
        })),
      },
    });
    expect(reply.json().results.filter((result: { resultCode: number }) => result.resultCode !== 0)).toEqual(
      [],
    );
  }

  /** The rows of one dataset. */
  async rows<Row = AttendanceRow>(dataset: string, query: Record<string, string>): Promise<Row[]> {
    const reply = await this.#server.app.inject({
      url: `/v1/analytics/${dataset}/basic`,
      query,
      headers: { authorization: this.#authorization },
    });
    expect(reply.statusCode, reply.body).toBe(200);
    return reply.json() as Row[];
  }

  /** The attendance of one day, or of a range. */
  attendance(startDate: string, endDate = startDate, locationId?: string): Promise<AttendanceRow[]> {
    return this.rows('user-booking-attendance', {
      startDate,
      endDate,
      ...(locationId === undefined ? {} : { locationId }),
    });
  }
}

export interface Sighting {
  userId: string;
  nodeId: string;
  kind?: 'location' | 'level' | 'zone' | 'place' | 'space';
  /** An ISO 8601 instant. */
  at: string;
}
