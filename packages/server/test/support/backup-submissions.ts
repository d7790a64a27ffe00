interface Values {
  tenantId: string;
  id(number: number): string;
  text: string;
  instant: string;
}

/** Rows of submitted data, except presence. Each column has a value in a row; each nullable column also has a null. */
export function submittedRows({ tenantId, id, text, instant }: Values): [string, Record<string, unknown>][] {
  const event = (number: number) => ({
    tenant_id: tenantId,
    observed_at: instant,
    event_digest: id(number),
    day: '2026-03-29',
    location_id: id(4),
    node_id: id(1),
    event_id: text,
    source_id: '',
    received_at: instant,
  });
  const card = {
    tenant_id: tenantId,
    card_digest: id(310),
    card_number_digest: id(311),
    facility_code: '',
    card_number: text,
    user_id: id(7),
    active: true,
    credential_type: text,
    updated_at: instant,
  };
  const guest = { visitor_email: text, visitor_company: '', host_user_id: id(7) };
  return [
    ['occupancy_events', { ...event(300), occupied: true, occupancy: 5e-324 }],
    ['occupancy_events', { ...event(301), occupied: false, occupancy: 1.7976931348623157e308 }],
    ['occupancy_events', { ...event(302), occupied: false }],
    ['visitor_arrivals', { ...event(303), visitor_name: text, ...guest }],
    ['visitor_arrivals', { ...event(304), visitor_name: ' ' }],
    ['access_credentials', card],
    ['access_credentials', { ...card, card_digest: id(312), facility_code: text, active: false }],
    [
      'access_credential_scans',
      { tenant_id: tenantId, scan_digest: id(313), card_digest: id(310), scan_data: text },
    ],
    ...redatings({ tenantId, id, text, instant }),
    ...sourceRows({ tenantId, id, text, instant }),
  ];
}

/** A source, with the events of an hour. */
function sourceRows({ tenantId, text, instant }: Values): [string, Record<string, unknown>][] {
  const source = { tenant_id: tenantId, endpoint: 'presence', source_id: text };
  return [
    ['sources', { ...source, first_event_at: instant, last_event_at: instant }],
    ['source_hours', { ...source, hour: instant, accepted: 2 ** 40, refused: 0 }],
    ['event_days', { tenant_id: tenantId, day: '2026-03-10', stored: 2 ** 40, warned_percent: 80 }],
  ];
}

/** One re-dating that has not begun, and one that is in progress. */
function redatings({ tenantId, id, text, instant }: Values): [string, Record<string, unknown>][] {
  const change = { tenant_id: tenantId, from_time_zone: text, to_time_zone: 'UTC' };
  const progress = { started_at: instant, finished_at: instant, events_total: 2 ** 40, events_done: 2 ** 33 };
  const next = { next_table: 'visitor_arrivals', last_observed_at: instant, last_event_digest: id(303) };
  return [
    ['office_redatings', { ...change, location_id: id(4) }],
    ['office_redatings', { ...change, location_id: id(8), ...progress, ...next }],
  ];
}
