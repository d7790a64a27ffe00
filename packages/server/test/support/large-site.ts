import { addSite, insertPresence, type Reached, type Site } from './presence.ts';
import type { TestServer } from './server.ts';

/** The bytes of an event's source id in an export. It hardly compresses. */
const SOURCE_BYTES = 96 * 32;

/** The numbers of events, each of about 3 kB, and of users. */
interface Size {
  events?: number;
  people?: number;
}

/**
 * An organisation with much presence in March 2026 and many users. Both exceed the buffers between the server and a
 * reader, in every format and coding.
 */
export async function addLargeSite(server: TestServer, size?: Size): Promise<Site> {
  const site = await addSite(server);
  await enlarge(server, site, size);
  return site;
}

/** Adds as many users, and as many events in March 2026, to a site as `addLargeSite` does. */
export async function enlarge(
  server: Reached,
  site: Site,
  { events = 8_000, people = 0 }: Size = {},
): Promise<void> {
  await insertPresence(server, site, events);
  await server.db.owner.inTenant(site.tenantId, async (tx) => {
    await tx.query(
      `UPDATE presence_events
       SET source_id = (SELECT string_agg(md5(event_id || i), '') FROM generate_series(1, $2::integer / 32) AS i)
       WHERE tenant_id = $1`,
      [site.tenantId, SOURCE_BYTES],
    );
    await tx.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, first_name, last_name, status)
       SELECT $1, gen_random_uuid(), 'person' || i, 'person' || i, repeat(md5(i::text), 4), repeat(md5(i::text), 4), 'active'
       FROM generate_series(1, $2::integer) AS i`,
      [site.tenantId, people],
    );
  });
}
