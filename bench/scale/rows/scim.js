import { maximum } from '../../rows/common.js';
import { inTurn } from '../../statistics.js';
import { personOf } from '../people.js';
import { bearer, compareReads, getJson, loadWithCost, MIDDLE, someOf } from './reads.js';

const PATH = '/scim/v2/Users';
const CONNECTIONS = [1, 8, 32];

/** Lists and filters of SCIM, against the look-up of a user by id, and the rate of creations. */
export async function scim(context) {
  const { environment, size } = context;
  const token = environment.data.scimToken;
  const numbers = someOf(size);
  const [{ users }] = environment.data.organisations;
  const filter = (attribute, operator, of) =>
    numbers.map((number) => {
      const text = `${attribute} ${operator} "${of(personOf(number))}"`;
      return `${PATH}?count=100&filter=${encodeURIComponent(text)}`;
    });
  const kinds = [
    { what: '100 from the first', paths: [`${PATH}?startIndex=1&count=100`] },
    {
      what: '100 from the middle',
      paths: [`${PATH}?startIndex=${Math.floor(users.length * MIDDLE)}&count=100`],
    },
    { what: 'filter `userName eq`', paths: filter('userName', 'eq', ({ userName }) => userName) },
    {
      what: 'filter `userName co`, a part of the name',
      paths: filter('userName', 'co', ({ userName }) => userName.split('.').slice(1, 3).join('.')),
    },
    {
      what: 'filter `name.familyName co`, five letters',
      paths: filter('name.familyName', 'co', ({ lastName }) => lastName.slice(1, 6)),
    },
    {
      what: 'filter `emails.value co`, a part of the address',
      paths: filter('emails.value', 'co', ({ email }) => email.split('.').slice(1, 3).join('.')),
    },
  ];
  for (const { what, paths } of kinds) await checkFound(context, what, paths[0], bearer(token));
  const against = { what: 'a user by id', paths: numbers.map((number) => `${PATH}/${users[number].userId}`) };
  const reads = await compareReads(context, {
    row: 'scim',
    of: 'SCIM',
    headers: bearer(token),
    against,
    kinds,
  });
  return [...reads, ...(await creations(context, token))];
}

async function checkFound({ server }, what, path, headers) {
  const { Resources } = await getJson(server.address, path, headers);
  if (Resources.length === 0) throw new Error(`${what}: ${path} found nobody.`);
}

async function creations(context, token) {
  const create = (lanes) => () => loadWithCost(context, { scenario: 'creations', options: { token }, lanes });
  const nameOf = (lanes) => (lanes === 1 ? 'one connection' : `${lanes} connections`);
  const results = await inTurn(
    context.runs,
    Object.fromEntries(CONNECTIONS.map((lanes) => [nameOf(lanes), create(lanes)])),
    (message) => context.progress(`creations, ${message}`),
  );
  const line = (lanes, label, unit, pick) =>
    maximum({
      row: 'scim',
      what: `users created through SCIM, ${nameOf(lanes)}${label}`,
      unit,
      values: results[nameOf(lanes)].map(pick),
    });
  return CONNECTIONS.flatMap((lanes) => [
    line(lanes, '', 'users/s', ({ perSecond }) => perSecond),
    ...(results[nameOf(lanes)].every(({ microsPerRequest }) => !Number.isNaN(microsPerRequest))
      ? [
          line(
            lanes,
            ', processor time of server and PostgreSQL for a user',
            'µs',
            ({ microsPerRequest }) => microsPerRequest,
          ),
        ]
      : []),
  ]);
}
