import type { Database } from '../../src/store/connections/db.ts';
import { addOffice, addUser, type Office, type TestUser } from './directory.ts';
import { basic, type TestServer } from './server.ts';

/** An organisation with one office, one user and a key with All permissions. */
export interface Site {
  tenantId: string;
  key: { apiKey: string; secret: string };
  headers: { authorization: string };
  office: Office;
  user: TestUser;
}

export async function addSite(server: TestServer, timeZone = 'UTC'): Promise<Site> {
  const tenantId = await server.organisation();
  const key = await server.key(tenantId);
  return {
    tenantId,
    key,
    headers: { authorization: basic(key) },
    office: await addOffice(server.db.owner, tenantId, timeZone),
    user: await addUser(server.db.owner, tenantId),
  };
}

export type Members = Record<string, unknown>;

/** A valid event of the site's user at its desk. `members` replaces members of it; undefined leaves a member out. */
export function goodEvent(site: Site, members: Members = {}): Members {
  return {
    eventId: 'e1',
    timestamp: '2026-03-10T09:00:00Z',
    locationId: site.office.placeId,
    locationType: 'place',
    userId: site.user.userId,
    ...members,
  };
}

/** Posts events as the site's key. */
export function submit(server: TestServer, site: Site, presenceEvents: unknown, sourceId: unknown = 'door') {
  return server.app.inject({
    method: 'POST',
    url: '/v1/presence/basic',
    headers: site.headers,
    payload: { sourceId, presenceEvents },
  });
}

export interface Result {
  eventId: string;
  resultCode: number;
  message: string;
}

/** Posts events and returns their results. Throws unless the status is 200. */
export async function results(
  server: TestServer,
  site: Site,
  events: unknown,
  sourceId?: string,
): Promise<Result[]> {
  const reply = await submit(server, site, events, sourceId);
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
  return (reply.json() as { results: Result[] }).results;
}

export interface PresenceRow {
  eventId: string;
  timestamp: string;
  day: string;
  userId: string;
  sourceId: string;
  sourceUserId: string | null;
  locationType: string;
  locationId: string;
  [optional: string]: string | null;
}

/** The rows of the presence export. */
export async function presenceRows(
  server: TestServer,
  site: Site,
  query = 'startDate=2026-03-01&endDate=2026-03-31',
): Promise<PresenceRow[]> {
  const reply = await server.app.inject({
    url: `/v1/analytics/presence/basic?${query}`,
    headers: site.headers,
  });
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
  return reply.json();
}

export interface RefusedRow {
  sourceId: string | null;
  eventId: string | null;
  resultCode: number | null;
  endpoint: string;
  reason: string;
  event: string | null;
}

/** An organisation's refused events, in the order of their ids. */
export async function refusedRows(server: TestServer, { tenantId }: Site): Promise<RefusedRow[]> {
  return server.db.owner.inTenant(tenantId, async (tx) => {
    const { rows } = await tx.query<RefusedRow>(
      `SELECT source_id AS "sourceId", event_id AS "eventId", result_code AS "resultCode", endpoint, reason, event
       FROM refused_events WHERE tenant_id = $1 ORDER BY refused_at, event_id`,
      [tenantId],
    );
    return rows;
  });
}

/** A server whose database a test uses directly. */
export interface Reached {
  db: { owner: Database };
}

/** Adds presence rows of the site's user over March 2026, directly to the database. */
export async function insertPresence(server: Reached, site: Site, count: number): Promise<void> {
  const { tenantId, user, office } = site;
  await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                                    event_id, source_id, received_at)
       SELECT $1, e.at, md5(e.i::text)::uuid, (e.at AT TIME ZONE 'UTC')::date, $2, $3, $4, 'e' || e.i, repeat('s', 100), e.at
       FROM (SELECT i, timestamptz '2026-03-01 00:00:00Z' + i * interval '10 seconds' AS at
             FROM generate_series(1, $5::integer) AS i) AS e`,
      [tenantId, user.userId, office.locationId, office.placeId, count],
    ),
  );
}
