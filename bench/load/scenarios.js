import { createHmac } from 'node:crypto';
import { postHead } from './connection.js';
import { creations, reads } from './directory.js';
import { eventSource } from './events.js';

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const BATCH = 100;

/**
 * The work that a lane repeats. Each scenario checks every answer; a wrong answer ends the run.
 * @type {Record<string, (data: import('../dataset.js').Dataset, options: any) => (connection: import('./connection.js').Connection) => Promise<void>>}
 */
export const SCENARIOS = { logins, tokens, batches, singles, reads, creations };

/** A login at /v1/auth; keys in turn. */
function logins({ keys }) {
  const login = loginOf();
  const next = inTurn(keys);
  return async (connection) => void (await login(connection, next()));
}

/** A token by client credentials, form-encoded; clients in turn. */
function tokens({ clients }, { path }) {
  const head = postHead(path, FORM_TYPE);
  const bodies = clients.map(
    ({ apiKey, secret }) => `grant_type=client_credentials&client_id=${apiKey}&client_secret=${secret}`,
  );
  const next = inTurn(bodies);
  return async (connection) => {
    const { status, body } = await connection.post(head, next());
    if (status !== 200 || !body.includes('"access_token":"ey')) throw unexpected(status, body);
  };
}

/** Batches of presence events, with a token that each key fetched once; keys in turn. */
function batches({ keys, organisations }) {
  const login = loginOf();
  const heads = new Map();
  const next = inTurn(keys);
  const nextEvent = eventSource(organisations);
  return async (connection) => {
    const key = next();
    let head = heads.get(key.apiKey);
    if (head === undefined) {
      head = postHead('/v1/presence/', JSON_TYPE, await login(connection, key));
      heads.set(key.apiKey, head);
    }
    await submit(connection, head, key, BATCH, nextEvent);
  };
}

/** One presence event, with a login before it, as the vendor's SDK does; keys in turn. */
function singles({ keys, organisations }) {
  const login = loginOf();
  const next = inTurn(keys);
  const nextEvent = eventSource(organisations);
  return async (connection) => {
    const key = next();
    const token = await login(connection, key);
    await submit(connection, postHead('/v1/presence/', JSON_TYPE, token), key, 1, nextEvent);
  };
}

async function submit(connection, head, key, count, nextEvent) {
  let events = '';
  for (let index = 0; index < count; index++) {
    const { eventId, timestamp, user, desk } = nextEvent(key.organisation);
    events += `${index === 0 ? '' : ','}{"eventId":"${eventId}","timestamp":"${timestamp}","locationType":"place","locationId":"${desk.nodeId}","userEmail":"${user.email}"}`;
  }
  const { status, body } = await connection.post(
    head,
    `{"sourceId":"bench ${key.apiKey}","presenceEvents":[${events}]}`,
  );
  if (status !== 200 || body.split('"resultCode":0,').length - 1 !== count) throw unexpected(status, body);
}

/** Logs a key in and returns its token. Logins of a key within one second have the same hash, which is made once. */
function loginOf() {
  const head = postHead('/v1/auth/', JSON_TYPE);
  const bodies = new Map();
  let second = 0;
  return async (connection, { apiKey, secret }) => {
    const nowS = Math.floor(Date.now() / 1_000);
    if (nowS !== second) {
      bodies.clear();
      second = nowS;
    }
    let body = bodies.get(apiKey);
    if (body === undefined) {
      const hash = createHmac('sha256', secret).update(`${apiKey}${nowS}`).digest('hex');
      body = `{"apiKey":"${apiKey}","timestamp":${nowS},"hash":"${hash}"}`;
      bodies.set(apiKey, body);
    }
    const answer = await connection.post(head, body);
    const token = /"token":"([^"]+)"/.exec(answer.body)?.[1];
    if (answer.status !== 200 || token === undefined) throw unexpected(answer.status, answer.body);
    return token;
  };
}

function inTurn(items) {
  let turn = 0;
  return () => items[turn++ % items.length];
}

function unexpected(status, body) {
  return new Error(`An unexpected answer: ${status} ${body.slice(0, 300)}`);
}
