import { instantArray, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { dayOfEvent, type EventRow, inKeyOrder } from './event-order.ts';
import { lateInsert } from './late-events.ts';

/** The digest stands for sourceId, eventId, node, instant and visitorName. */
export interface VisitorArrivalRow extends EventRow {
  visitorName: string;
  visitorEmail: string | null;
  visitorCompany: string | null;
  hostUserId: string | null;
}

/** The name of a visitor whose name has ended. */
export const NAMELESS_VISITOR = 'Visitor without a name';

const COLUMNS = `tenant_id, observed_at, event_digest, day, location_id, node_id, visitor_name, visitor_email, visitor_company,
  host_user_id, event_id, source_id, received_at`;
const EVENTS = `unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::uuid[],
  $10::text[], $11::text[], $12::timestamptz[])`;
const MEMBERS = `observed_at, event_digest, location_id, node_id, visitor_name, visitor_email, visitor_company, host_user_id,
  event_id, source_id, received_at`;

/**
 * The statement that inserts visitor arrivals, if the transaction has entered their organisation. Events that
 * are stored already stay unchanged.
 */
export function visitorArrivalsInsert(
  tenantId: string,
  events: readonly VisitorArrivalRow[],
): PreparedStatement {
  return {
    name: 'insert visitor arrivals',
    text: `INSERT INTO visitor_arrivals (${COLUMNS})
     SELECT $1::uuid, e.observed_at, e.event_digest, ${dayOfEvent('$4')}, e.location_id, e.node_id, e.visitor_name,
            e.visitor_email, e.visitor_company, e.host_user_id, e.event_id, e.source_id, e.received_at
     FROM ${EVENTS} AS e (${MEMBERS})
     WHERE current_tenant_id() = $1
     ON CONFLICT DO NOTHING`,
    values: valuesOf(tenantId, events),
  };
}

/**
 * As `visitorArrivalsInsert`, for arrivals whose names may have ended: those are stored without the visitor, or under the
 * pseudonym of the host. Answers the digests of the new events, as `readNewDigests` reads them.
 */
export function lateArrivalsInsert(
  tenantId: string,
  events: readonly VisitorArrivalRow[],
): PreparedStatement {
  const ofVisitor = (column: string) => `CASE WHEN n.is_visitor_nameless IS NOT TRUE THEN e.${column} END`;
  return {
    name: 'insert late visitor arrivals',
    text: lateInsert({
      events: `SELECT e.*, ${dayOfEvent('$4')} AS day FROM ${EVENTS} WITH ORDINALITY AS e (${MEMBERS}, position)
               WHERE current_tenant_id() = $1`,
      user: 'host_user_id',
      hasVisitors: true,
      insert: `visitor_arrivals (${COLUMNS})
       SELECT $1::uuid, e.observed_at, coalesce(n.event_digest, e.event_digest), e.day, e.location_id, e.node_id,
              coalesce(${ofVisitor('visitor_name')}, '${NAMELESS_VISITOR}'), ${ofVisitor('visitor_email')},
              ${ofVisitor('visitor_company')}, coalesce(n.pseudonym_id, e.host_user_id), e.event_id, e.source_id,
              e.received_at`,
    }),
    values: valuesOf(tenantId, events),
  };
}

function valuesOf(tenantId: string, events: readonly VisitorArrivalRow[]): PreparedStatement['values'] {
  const rows = inKeyOrder(events);
  return [
    tenantId,
    instantArray(rows.map((row) => row.observedAtUs)),
    uuidArray(rows.map((row) => row.eventDigest)),
    uuidArray(rows.map((row) => row.locationId)),
    uuidArray(rows.map((row) => row.nodeId)),
    textArray(rows.map((row) => row.visitorName)),
    textArray(rows.map((row) => row.visitorEmail)),
    textArray(rows.map((row) => row.visitorCompany)),
    uuidArray(rows.map((row) => row.hostUserId)),
    textArray(rows.map((row) => row.eventId)),
    textArray(rows.map((row) => row.sourceId)),
    instantArray(rows.map((row) => row.receivedAtMs * 1_000)),
  ];
}
