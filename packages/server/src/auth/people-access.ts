import type { RouteOptions } from 'fastify';
import type { AccountRole } from '../store/auth/account-roles.ts';

const NOBODY: readonly AccountRole[] = [];
const EVERYBODY: readonly AccountRole[] = ['administrator', 'integrations', 'planner', 'viewer'];
const STAFF: readonly AccountRole[] = ['administrator', 'integrations', 'planner'];
const ADMINISTRATORS: readonly AccountRole[] = ['administrator'];
const PLANNERS: readonly AccountRole[] = ['administrator', 'planner'];
const READERS_OF_METRICS: readonly AccountRole[] = ['administrator', 'planner', 'viewer'];
const INTEGRATORS: readonly AccountRole[] = ['administrator', 'integrations'];

/**
 * The roles of people that may call each operation with a Bearer token. Viewers reach places and numbers without names;
 * they reach no dataset of rows. An operation without an entry, or an entry without an operation, keeps the server from
 * starting. docs/access.md shows this table.
 */
export const PEOPLE_ACCESS: Readonly<Record<string, readonly AccountRole[]>> = {
  'POST /v1/presence': INTEGRATORS,
  'POST /v1/occupancy': INTEGRATORS,
  'POST /v1/timeoff': INTEGRATORS,
  'POST /v1/visitor-arrival': INTEGRATORS,
  'POST /v1/access-credentials': INTEGRATORS,
  'GET /v1/manage/refused-events': INTEGRATORS,
  'GET /v1/manage/refused-events/reasons': INTEGRATORS,
  'GET /v1/manage/refused-events/causes': INTEGRATORS,
  'POST /v1/manage/refused-events/retry': INTEGRATORS,
  'GET /v1/manage/requests': INTEGRATORS,
  'GET /v1/manage/audit': ADMINISTRATORS,
  // The id of a source names a system.
  'GET /v1/manage/sources': EVERYBODY,
  'GET /v1/manage/event-quota': INTEGRATORS,
  'GET /v1/manage/provisioning': INTEGRATORS,
  'PUT /v1/manage/provisioning': INTEGRATORS,

  'GET /v1/manage/nodes': EVERYBODY,
  'GET /v1/manage/locations': EVERYBODY,
  'POST /v1/manage/locations': ADMINISTRATORS,
  'GET /v1/manage/locations/:locationId': EVERYBODY,
  'PATCH /v1/manage/locations/:locationId': ADMINISTRATORS,
  'POST /v1/manage/locations/:locationId/effects': ADMINISTRATORS,
  'GET /v1/manage/levels': EVERYBODY,
  'POST /v1/manage/levels': ADMINISTRATORS,
  'GET /v1/manage/levels/:levelId': EVERYBODY,
  'PATCH /v1/manage/levels/:levelId': ADMINISTRATORS,
  'POST /v1/manage/levels/:levelId/effects': ADMINISTRATORS,
  'GET /v1/manage/zones': EVERYBODY,
  'POST /v1/manage/zones': ADMINISTRATORS,
  'GET /v1/manage/zones/:zoneId': EVERYBODY,
  'PATCH /v1/manage/zones/:zoneId': ADMINISTRATORS,
  'POST /v1/manage/zones/:zoneId/effects': ADMINISTRATORS,
  // A desk names its owner.
  'GET /v1/manage/desks': STAFF,
  'POST /v1/manage/desks': ADMINISTRATORS,
  'GET /v1/manage/desks/:deskId': STAFF,
  'PATCH /v1/manage/desks/:deskId': ADMINISTRATORS,
  'POST /v1/manage/desks/:deskId/effects': ADMINISTRATORS,
  'GET /v1/manage/spaces': EVERYBODY,
  'POST /v1/manage/spaces': ADMINISTRATORS,
  'GET /v1/manage/spaces/:spaceId': EVERYBODY,
  'PATCH /v1/manage/spaces/:spaceId': ADMINISTRATORS,
  'POST /v1/manage/spaces/:spaceId/effects': ADMINISTRATORS,
  'GET /v1/manage/floor-plans': EVERYBODY,
  'GET /v1/manage/floor-plan-images/:imageId': EVERYBODY,
  'GET /v1/manage/floor-positions': EVERYBODY,
  'GET /v1/manage/levels/:levelId/floor-plan': EVERYBODY,
  'DELETE /v1/manage/levels/:levelId/floor-plan': ADMINISTRATORS,
  'GET /v1/manage/levels/:levelId/floor-plan/draft': ADMINISTRATORS,
  'PUT /v1/manage/levels/:levelId/floor-plan/draft': ADMINISTRATORS,
  'DELETE /v1/manage/levels/:levelId/floor-plan/draft': ADMINISTRATORS,
  'POST /v1/manage/levels/:levelId/floor-plan/publication': ADMINISTRATORS,
  'POST /v1/manage/levels/:levelId/floor-plan/images': ADMINISTRATORS,
  // These name people.
  'GET /v1/manage/levels/:levelId/floor': PLANNERS,
  'GET /v1/manage/locations/:locationId/arrivals': PLANNERS,
  'GET /v1/manage/today': EVERYBODY,
  'GET /v1/manage/organisation': EVERYBODY,
  'PATCH /v1/manage/organisation': ADMINISTRATORS,
  'GET /v1/manage/retention': EVERYBODY,
  'PATCH /v1/manage/retention': ADMINISTRATORS,
  'POST /v1/manage/retention/effects': ADMINISTRATORS,
  'GET /v1/manage/locations/:locationId/settings': EVERYBODY,
  'PATCH /v1/manage/locations/:locationId/settings': ADMINISTRATORS,
  'POST /v1/manage/office-settings': ADMINISTRATORS,
  'GET /v1/manage/locations/:locationId/redating': ADMINISTRATORS,

  'GET /v1/manage/users': PLANNERS,
  'POST /v1/manage/users': ADMINISTRATORS,
  'GET /v1/manage/users/:userId': PLANNERS,
  'PATCH /v1/manage/users/:userId': ADMINISTRATORS,
  'POST /v1/manage/users/:userId/effects': ADMINISTRATORS,
  'GET /v1/manage/users/:userId/export': ADMINISTRATORS,
  'GET /v1/manage/users/:userId/erasure': ADMINISTRATORS,
  'POST /v1/manage/users/:userId/erasure': ADMINISTRATORS,
  'POST /v1/manage/visitors/export': ADMINISTRATORS,
  'POST /v1/manage/visitors/erasure': ADMINISTRATORS,
  'GET /v1/manage/groups': PLANNERS,
  'GET /v1/manage/groups/:groupId': PLANNERS,
  'PUT /v1/directory-management/group-relationships': ADMINISTRATORS,
  'POST /v1/directory-management/user-attributes': ADMINISTRATORS,

  'GET /v1/manage/imports': EVERYBODY,
  'POST /v1/manage/imports/locations': ADMINISTRATORS,
  'POST /v1/manage/imports/desks': ADMINISTRATORS,
  'POST /v1/manage/imports/spaces': ADMINISTRATORS,
  'POST /v1/manage/imports/users': ADMINISTRATORS,
  'POST /v1/manage/imports/groups': ADMINISTRATORS,
  'POST /v1/manage/imports/week-plans': PLANNERS,
  'POST /v1/manage/imports/desk-assignments': PLANNERS,
  'POST /v1/manage/imports/access-credentials': ADMINISTRATORS,
  'POST /v1/manage/imports/floor-positions': ADMINISTRATORS,

  'GET /v1/manage/desk-assignments': PLANNERS,
  'POST /v1/manage/desk-assignments': PLANNERS,
  'PUT /v1/manage/desks/:deskId/assignment': PLANNERS,
  'DELETE /v1/manage/desks/:deskId/assignment': PLANNERS,
  'GET /v1/manage/users/:userId/week-plan': PLANNERS,
  'PUT /v1/manage/users/:userId/week-plan': PLANNERS,
  'GET /v1/manage/week-plans': PLANNERS,
  'POST /v1/manage/week-plans': PLANNERS,
  'POST /v1/manage/users/:userId/leaves': PLANNERS,
  'DELETE /v1/manage/users/:userId/leaves': PLANNERS,
  'GET /v1/manage/users/:userId/days': PLANNERS,
  'PUT /v1/manage/users/:userId/days/:day': PLANNERS,
  'DELETE /v1/manage/users/:userId/days/:day': PLANNERS,
  'DELETE /v1/manage/users/:userId/days/:day/booking': PLANNERS,
  'GET /v1/manage/days': PLANNERS,
  'POST /v1/manage/days': PLANNERS,
  'GET /v1/manage/locations/:locationId/availability': PLANNERS,
  'GET /v1/manage/users/:userId/profile': PLANNERS,
  'GET /v1/manage/users/:userId/attendance': PLANNERS,
  'GET /v1/manage/users/:userId/changes': PLANNERS,

  'GET /v1/analytics/users': PLANNERS,
  'GET /v1/analytics/groups': PLANNERS,
  'GET /v1/analytics/locations': PLANNERS,
  'GET /v1/analytics/desks': PLANNERS,
  'GET /v1/analytics/spaces': PLANNERS,
  'GET /v1/analytics/presence': PLANNERS,
  'GET /v1/analytics/user-booking-attendance': PLANNERS,
  'GET /v1/analytics/change-log/user': PLANNERS,
  'GET /v1/analytics/occupancy': PLANNERS,
  'GET /v1/analytics/visitors': PLANNERS,
  'GET /v1/analytics/audit': ADMINISTRATORS,
  'GET /v1/analytics/metrics': READERS_OF_METRICS,
  'GET /v1/analytics/metrics/comparison': READERS_OF_METRICS,
  'GET /v1/analytics/metrics/people': READERS_OF_METRICS,
  'GET /v1/analytics/metrics/days-per-week': READERS_OF_METRICS,
  'GET /v1/analytics/metrics/weekdays': READERS_OF_METRICS,
  'GET /v1/analytics/metrics/arrivals': READERS_OF_METRICS,
  'GET /v1/analytics/metrics/dwell': READERS_OF_METRICS,
  'GET /v1/analytics/metrics/usage': READERS_OF_METRICS,
  'GET /v1/analytics/metrics/occupancy': READERS_OF_METRICS,

  'GET /v1/manage/keys': INTEGRATORS,
  'POST /v1/manage/keys': INTEGRATORS,
  'PATCH /v1/manage/keys/:apiKey': INTEGRATORS,
  'POST /v1/manage/keys/:apiKey/secret': INTEGRATORS,
  'DELETE /v1/manage/keys/:apiKey': INTEGRATORS,
  'GET /v1/manage/scim-tokens': INTEGRATORS,
  // A SCIM token reads and changes users.
  'POST /v1/manage/scim-tokens': ADMINISTRATORS,
  'DELETE /v1/manage/scim-tokens/:tokenId': ADMINISTRATORS,

  'GET /v1/manage/accounts': ADMINISTRATORS,
  'POST /v1/manage/accounts': ADMINISTRATORS,
  'PATCH /v1/manage/accounts/:accountId': ADMINISTRATORS,
  'DELETE /v1/manage/accounts/:accountId': ADMINISTRATORS,
  'POST /v1/manage/accounts/:accountId/link': ADMINISTRATORS,
  'GET /v1/manage/accounts/:accountId/sessions': ADMINISTRATORS,
  'DELETE /v1/manage/accounts/:accountId/sessions': ADMINISTRATORS,
};

/** Identity providers provision by SCIM; people do not. */
const SCIM = /^\/scim\/v2(\/|$)/;

/** The roles of people that may call a route that takes Bearer tokens; undefined if the table does not name it. */
export function peopleRolesOf({
  method,
  url,
}: {
  method: string;
  url: string;
}): readonly AccountRole[] | undefined {
  if (SCIM.test(url)) return NOBODY;
  // Fastify answers HEAD by the route of GET.
  return PEOPLE_ACCESS[`${method === 'HEAD' ? 'GET' : method} ${url}`];
}

/** Throws an error that names the routes that the table does not have, and the entries that are no route. */
export function checkPeopleAccess(routes: readonly RouteOptions[]): void {
  const operations = routes
    .filter(({ config }) => typeof config?.access === 'object' && config.access.scheme === 'bearer')
    .flatMap(({ method, url }) => [method].flat().map((each) => ({ method: each, url })));
  const missing = operations.filter((operation) => peopleRolesOf(operation) === undefined);
  const served = new Set(operations.map(({ method, url }) => `${method} ${url}`));
  const stale = Object.keys(PEOPLE_ACCESS).filter((operation) => !served.has(operation));
  const faults = [
    ...missing.map(({ method, url }) => `${method} ${url} is missing`),
    ...stale.map((each) => `${each} is no route`),
  ];
  if (faults.length > 0) throw new Error(`The table of people's access is wrong: ${faults.join(', ')}`);
}

/** Documents that people may call a route, in the security of its OpenAPI operation. */
export function documentPeople(route: RouteOptions): void {
  const { method, url, schema } = route;
  if (!schema?.security?.some((scheme) => 'bearer' in scheme)) return;
  const roles = peopleRolesOf({ method: String([method].flat()[0]), url }) ?? NOBODY;
  if (roles.length > 0) route.schema = { ...schema, security: [...schema.security, { session: [] }] };
}
