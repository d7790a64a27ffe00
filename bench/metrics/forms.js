/** The units by which metrics have rows, and their periods. */
export const UNITS = ['location', 'level', 'zone', 'group'];
const PERIODS = ['day', 'week', 'month', 'range'];

/**
 * One form of `GET /v1/analytics/metrics`.
 * @typedef {object} Form
 * @property {string} what
 * @property {string} [dataset] the path beneath `metrics`; by default `metrics` itself
 * @property {string} by
 * @property {string} period
 * @property {string[]} [locationIds]
 * @property {string[]} [groupIds]
 * @property {boolean} [subgroups]
 * @property {number[]} [weekdays]
 */

/**
 * The forms of a unit, one for each period.
 * @returns {Form[]}
 */
export function formsBy(by) {
  return PERIODS.map((period) => ({ what: describe(by, period), by, period }));
}

/**
 * Forms with filters.
 * @param {{ offices: string[], levels: string[], division: string[] }} ids
 * @returns {Form[]}
 */
export function filteredForms({ offices, levels, division }) {
  const form = (by, period, filter, parameters) => ({
    what: `${describe(by, period)}, ${filter}`,
    by,
    period,
    ...parameters,
  });
  const weekdays = [1, 2, 3, 4, 5];
  return [
    form('level', 'week', 'weekdays 1 to 5', { weekdays }),
    form('zone', 'week', 'of three offices', { locationIds: offices }),
    form('location', 'day', 'of ten levels', { locationIds: levels }),
    form('location', 'month', 'of one division', { groupIds: division }),
    form('group', 'month', 'with subgroups', { subgroups: true }),
    form('group', 'week', 'of one division with subgroups, weekdays 1 to 5', {
      groupIds: division,
      subgroups: true,
      weekdays,
    }),
  ];
}

/** The datasets of metrics besides `metrics`, each with the form in which a page with charts asks for it. */
export const QUESTIONS = [
  { dataset: 'comparison', by: 'location', period: 'month' },
  { dataset: 'people', by: 'location', period: 'month' },
  { dataset: 'people', by: 'group', period: 'range' },
  { dataset: 'days-per-week', by: 'location', period: 'month' },
  { dataset: 'weekdays', by: 'location', period: 'week' },
  { dataset: 'arrivals', by: 'location', period: 'month' },
  { dataset: 'dwell', by: 'location', period: 'month' },
  { dataset: 'usage', by: 'zone', period: 'range' },
  { dataset: 'usage', by: 'place', period: 'range' },
  { by: 'organisation', period: 'month' },
  { dataset: 'people', by: 'organisation', period: 'range' },
].map((form) => ({
  ...form,
  what: [form.dataset, describe(form.by, form.period)].filter(Boolean).join(' '),
}));

/** The path and query of a form, for a key with Basic authentication. */
export function pathOf(
  { dataset, by, period, locationIds, groupIds, subgroups, weekdays },
  { firstDay, lastDay },
) {
  const query = new URLSearchParams({ format: 'ndjson', startDate: firstDay, endDate: lastDay, by, period });
  if (locationIds) query.set('locationIds', locationIds.join(','));
  if (groupIds) query.set('groupIds', groupIds.join(','));
  if (subgroups) query.set('subgroups', 'true');
  if (weekdays) query.set('weekdays', weekdays.join(','));
  return `/v1/analytics/metrics${dataset ? `/${dataset}` : ''}/basic?${query}`;
}

function describe(by, period) {
  return `by ${by === 'location' ? 'office' : by} and ${period}`;
}
