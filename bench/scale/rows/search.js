import { personOf } from '../people.js';
import { bearer, compareReads, getJson, MIDDLE, someOf } from './reads.js';

const PATH = '/v1/manage/users';
/** Letters that are in no name. */
const NOBODY = 'xqxqx';

/** Lists of users, and searches by a part of a name or of an e-mail address, against the look-up of a user by id. */
export async function search(context) {
  const { environment, server, size } = context;
  const { address } = server;
  const headers = bearer(await tokenOf(address, environment.data.managing));
  const numbers = someOf(size);
  const [{ users }] = environment.data.organisations;
  const ids = users.map(({ userId }) => userId).sort();
  const middle = ids[Math.floor(ids.length * MIDDLE)];
  const kinds = [
    { what: 'first page of 100', paths: [PATH] },
    { what: 'a page of 100 in the middle', paths: [`${PATH}?after=${middle}`] },
  ];
  if (await canSearch(address, headers)) {
    const searches = SEARCHES.map(({ what, of }) => ({ what, texts: numbers.map((n) => of(personOf(n))) }));
    for (const { texts } of searches) await checkFound(address, headers, texts[0]);
    for (const { what, texts } of [
      ...searches,
      { what: 'search for letters that nobody has', texts: [NOBODY] },
    ])
      kinds.push({ what, paths: texts.map((text) => `${PATH}?search=${encodeURIComponent(text)}`) });
  } else context.progress('the server has no parameter search: only lists are measured');
  return compareReads(context, {
    row: 'search',
    of: 'people',
    headers,
    against: { what: 'a user by id', paths: numbers.map((number) => `${PATH}/${users[number].userId}`) },
    kinds,
    most: 5,
  });
}

const SEARCHES = [
  { what: 'search for five letters of a last name', of: ({ lastName }) => lastName.slice(1, 6) },
  { what: 'search for three letters of a first name', of: ({ firstName }) => firstName.slice(0, 3) },
  {
    what: 'search for a part of an e-mail address',
    of: ({ email }) => email.split('.').slice(1, 3).join('.'),
  },
];

/** A server that does not know the parameter refuses the request. */
async function canSearch({ host, port }, headers) {
  const { status } = await fetch(`http://${host}:${port}${PATH}?search=${NOBODY}`, { headers });
  return status !== 400;
}

/** Throws if a search finds nobody, or somebody who does not match. */
async function checkFound(address, headers, text) {
  const { items } = await getJson(address, `${PATH}?search=${encodeURIComponent(text)}`, headers);
  const matches = ({ userName, email, firstName, lastName }) =>
    [userName, email, firstName, lastName, `${firstName} ${lastName}`].some((name) =>
      name.toLowerCase().includes(text.toLowerCase()),
    );
  if (items.length === 0) throw new Error(`The search for ${text} found nobody.`);
  const wrong = items.find((user) => !matches(user));
  if (wrong) throw new Error(`The search for ${text} found ${JSON.stringify(wrong)}.`);
}

/** A token of a key, by client credentials. */
async function tokenOf({ host, port }, { apiKey, secret }) {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: apiKey,
    client_secret: secret,
  });
  const reply = await fetch(`http://${host}:${port}/v1/auth/token`, { method: 'POST', body });
  if (!reply.ok) throw new Error(`A token: ${reply.status} ${await reply.text()}`);
  return (await reply.json()).access_token;
}
