import { createLink, ensureMember } from '../../../packages/server/dist/auth/manage-accounts.js';
import { storeHistory, storeSources } from '../history.js';
import { personOf } from '../people.js';
import { compareReads, getJson, MIDDLE, someOf } from './reads.js';

const EMAIL = 'admin@example.com';
/** More accounts, keys and sources than most organisations have. */
const [ACCOUNTS, KEYS, SOURCES] = [200, 100, 50];
/** The server keeps 10,000 refused events. */
const REFUSED_REQUESTS = 110;
const EVENTS_OF_REQUEST = 100;
/** So many requests of each kind count at least: the 95th percentile is then the second longest of them. */
const LEAST = 40;
/** A page that does not answer within this time seems to hang. */
const MOST_MS = 1_000;
/** A page Today asks once a second, and the answer of half a second ago is new enough. */
const TODAY = { rate: 1, seconds: 30 };
const DAY_MS = 86_400_000;
/** At weekends, almost nobody comes. */
const FRIDAY = 5;
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
const GZIP = { 'accept-encoding': 'gzip, deflate, br, zstd' };

/**
 * The main requests of each page of the console, as an administrator's browser sends them, each against a trivial
 * authenticated route: who is signed in. The organisation has people, plans, bookings, presence and action log of 13 weeks.
 */
export async function consolePages(context) {
  const { environment, server, progress } = context;
  const nowMs = Date.now();
  progress('making the horizon');
  await environment.rollcall(['jobs', 'run', 'horizon']);
  const { first, today, events } = await storeHistory(environment, context.size, { nowMs, progress });
  progress(`stored ${events.toLocaleString('en')} events of ${first} to ${today}`);
  await storeSources(environment, { nowMs, count: SOURCES });
  await environment.vacuum(['presence_events', 'day_plans', 'bookings', 'action_log', 'source_hours']);
  progress('making the aggregates');
  await environment.rollcall(['aggregates', 'rebuild']);
  const headers = await signIn(context);
  await addAccounts(context);
  await createKeys(server.address, headers);
  await refuseEvents(server.address, headers);
  const kinds = await kindsOf(context, { headers, first, today });
  for (const { what, paths } of kinds) {
    const startedMs = performance.now();
    const answer = await getJson(server.address, paths[0], headers);
    const { length } = answer.items ?? answer.offices ?? (Array.isArray(answer) ? answer : [answer]);
    if (length === 0) throw new Error(`${what}: ${paths[0]} answers nothing.`);
    progress(`${what}: ${(performance.now() - startedMs).toFixed(0)} ms the first time, ${length} rows`);
  }
  const lines = await compareReads(context, {
    row: 'console',
    of: 'the console',
    headers,
    against: { what: 'who is signed in', paths: ['/v1/session'] },
    kinds,
    least: context.isSmoke ? 1 : LEAST,
  });
  return lines.map((line) => ({ ...line, goal: `≤ ${MOST_MS} ms`, met: line.ours.median <= MOST_MS }));
}

/** The requests of each page. Where a page has a choice, they have many values of it. */
async function kindsOf({ environment, server, size, isSmoke }, { headers, first, today }) {
  const { users, desks } = environment.data.organisations[0];
  const numbers = someOf(size);
  const ids = numbers.map((number) => users[number].userId);
  const person = (path) => ids.map((id) => `/v1/manage/users/${id}/${path}`);
  const search = (of) => numbers.map((number) => encodeURIComponent(of(personOf(number))));
  const offices = (await getJson(server.address, '/v1/manage/locations', headers)).items;
  const levels = (await getJson(server.address, '/v1/manage/levels?limit=1000', headers)).items;
  const ofOffices = (path) => offices.map(({ locationId }) => path(locationId));
  const metrics = (path, query) =>
    `/v1/analytics/metrics${path}?startDate=${first}&endDate=${today}&${query}`;
  const all = (path, query) => [metrics(path, `by=organisation&${query}`)];
  const perOffice = (path, query) => ofOffices((id) => metrics(path, `${query}&locationIds=${id}`));
  const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);
  const todayMs = Date.parse(today);
  const weekday = new Date(todayMs).getUTCDay() || 7;
  const mondayMs = todayMs - (weekday - 1) * DAY_MS;
  const week = `startDate=${dayOf(mondayMs)}&endDate=${dayOf(mondayMs + 6 * DAY_MS)}`;
  const usual = `startDate=${dayOf(todayMs - 56 * DAY_MS)}&endDate=${dayOf(todayMs - DAY_MS)}&weekdays=${Math.min(weekday, FRIDAY)}&period=range`;
  const middle = [...users.map(({ userId }) => userId)].sort()[Math.floor(users.length * MIDDLE)];
  return [
    { what: 'Today, asked once a second', paths: ['/v1/manage/today'], ...(isSmoke ? {} : TODAY) },
    { what: 'Today, usual arrivals', paths: [`/v1/analytics/metrics/arrivals?${usual}`] },
    { what: 'Attendance, 13 weeks by week', paths: all('', 'period=week') },
    { what: 'Attendance, 13 weeks by day', paths: all('', 'period=day') },
    { what: 'Attendance, key figures', paths: all('', 'period=range') },
    { what: 'Attendance, the range before', paths: all('/comparison', 'period=range') },
    { what: 'Attendance, 13 weeks of one office', paths: perOffice('', 'by=organisation&period=week') },
    { what: 'Attendance, weekdays by week', paths: all('/weekdays', 'period=week') },
    { what: 'Attendance, weekdays', paths: all('/weekdays', 'period=range') },
    { what: 'Attendance, comparison of offices', paths: [metrics('', 'by=location&period=range')] },
    { what: 'Attendance, comparison of zones', paths: [metrics('', 'by=zone&period=range')] },
    { what: 'Attendance, comparison of groups', paths: [metrics('', 'by=group&period=range')] },
    { what: 'Attendance, usage of all desks', paths: [metrics('/usage', 'by=place')] },
    { what: 'Attendance, usage of the desks of one office', paths: perOffice('/usage', 'by=place') },
    { what: 'Attendance, usage of all zones', paths: [metrics('/usage', 'by=zone')] },
    { what: 'People, first page', paths: ['/v1/manage/users?limit=100'] },
    { what: 'People, a page in the middle', paths: [`/v1/manage/users?limit=100&after=${middle}`] },
    {
      what: 'People, search for a part of a name',
      paths: search(({ lastName }) => lastName.slice(1, 6)).map(
        (text) => `/v1/manage/users?search=${text}&limit=100`,
      ),
    },
    {
      what: 'Floor, a day of a level',
      paths: levels.map(({ levelId }) => `/v1/manage/levels/${levelId}/floor?date=${today}`),
    },
    { what: 'Person, name and details', paths: person('profile') },
    { what: 'Person, week', paths: person(`attendance?${week}`) },
    { what: 'Person, action log', paths: person('changes?limit=50') },
    { what: 'Places, offices', paths: ['/v1/manage/nodes?kind=location'] },
    { what: 'Places, what is in an office', paths: ofOffices((id) => `/v1/manage/nodes?parentId=${id}`) },
    {
      what: 'Places, around a desk',
      paths: numbers.map((number) => `/v1/manage/nodes?around=${desks[number % desks.length].nodeId}`),
    },
    {
      what: 'Places, search for a desk',
      paths: numbers.map((number) => `/v1/manage/nodes?search=Desk%20${number % desks.length}&limit=100`),
    },
    { what: 'Integrations, keys', paths: ['/v1/manage/keys?active=true&limit=100'] },
    { what: 'Integrations, SCIM tokens', paths: ['/v1/manage/scim-tokens?active=true&limit=100'] },
    { what: 'Integrations, sources', paths: ['/v1/manage/sources'] },
    {
      what: 'Integrations, causes of refused events',
      paths: ['/v1/manage/refused-events/causes?state=open'],
    },
    { what: 'Integrations, refused events', paths: ['/v1/manage/refused-events?state=open&limit=50'] },
    { what: 'Integrations, requests', paths: ['/v1/manage/requests?limit=100'] },
    { what: 'Settings, people who may sign in', paths: ['/v1/manage/accounts?limit=100'] },
    { what: 'Settings, organisation', paths: ['/v1/manage/organisation'] },
  ];
}

/** The headers of the browser of an administrator who has signed in by a link. */
async function signIn({ environment, server }) {
  const { owner, data } = environment;
  const deps = { owner, clock: Date.now };
  await ensureMember({ tenantId: data.tenantId, email: EMAIL, name: 'Admin', role: 'administrator' }, deps);
  const { token } = await createLink({ email: EMAIL, kind: 'link' }, deps);
  const reply = await post(server.address, '/v1/session/link', { token }, SAME_ORIGIN);
  const [cookie] = reply.headers.getSetCookie();
  // The server takes a session without TLS only on this machine.
  return { host: 'localhost', cookie: cookie.split(';')[0], ...SAME_ORIGIN, ...GZIP };
}

async function addAccounts({ environment }) {
  const { owner, data } = environment;
  for (let n = 0; n < ACCOUNTS; n++) {
    const account = { email: `account.${n}@example.com`, name: `Account ${n}`, role: 'viewer' };
    await ensureMember({ tenantId: data.tenantId, ...account }, { owner, clock: Date.now });
  }
}

async function createKeys(address, headers) {
  for (let n = 0; n < KEYS; n++)
    await post(
      address,
      '/v1/manage/keys',
      { name: `Key ${n}`, role: 'submitting-events', authentication: 'hmac' },
      headers,
    );
}

/** Sends events of users and places that nobody knows. */
async function refuseEvents(address, headers) {
  for (let n = 0; n < REFUSED_REQUESTS; n++) {
    const presenceEvents = Array.from({ length: EVENTS_OF_REQUEST }, (_, index) => ({
      eventId: `refused-${n}-${index}`,
      timestamp: new Date().toISOString(),
      userEmail: `nobody.${index}@example.com`,
      locationId: `unknown ${index % 7}`,
      locationType: 'place',
    }));
    await post(address, '/v1/presence', { sourceId: `reader ${n % SOURCES}`, presenceEvents }, headers);
  }
}

async function post({ host, port }, path, body, headers) {
  const reply = await fetch(`http://${host}:${port}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply;
}
