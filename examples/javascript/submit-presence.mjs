#!/usr/bin/env node
// Logs in with a key and submits one presence event. Needs Node 20 or later and nothing else.
import { createHmac, randomUUID } from 'node:crypto';

const USAGE = `usage: submit-presence.mjs LOCATION_ID USER_EMAIL [LOCATION_TYPE]

LOCATION_TYPE is location, level, zone, place or space (default: location). The rest comes from the environment:

  ROLLCALL_BASE_URL    for example https://rollcall.example.com
  ROLLCALL_KEY_ID      id of a key that may submit events
  ROLLCALL_KEY_SECRET  its secret
  ROLLCALL_LOCATION_ID, ROLLCALL_USER_EMAIL, ROLLCALL_LOCATION_TYPE in place of the arguments

Exit status: 0 the event is stored, 1 it was refused or the server was not reached, 2 wrong usage.`;

/** The server said no; the message is its own. */
class Refused extends Error {}

async function post(baseUrl, path, body, token) {
  const response = await fetch(baseUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch((error) => {
    throw new Refused(`${baseUrl} was not reached: ${error.cause?.message ?? error.message}`);
  });
  const text = await response.text();
  if (!response.ok) throw new Refused(`${response.status}: ${messageOf(text)}`);
  return JSON.parse(text);
}

/** What the server says is wrong: a login's reply has a message, every other error a detail. */
function messageOf(text) {
  try {
    const problem = JSON.parse(text);
    return problem.message ?? problem.detail ?? text;
  } catch {
    return text;
  }
}

async function logIn(baseUrl, apiKey, secret) {
  const timestamp = Math.floor(Date.now() / 1000);
  const hash = createHmac('sha256', secret).update(`${apiKey}${timestamp}`).digest('hex');
  const { token } = await post(baseUrl, '/v1/auth', { apiKey, timestamp, hash });
  return token;
}

async function submit(baseUrl, token, { locationId, locationType, userEmail }) {
  const event = {
    eventId: randomUUID(),
    timestamp: new Date().toISOString(),
    locationId,
    locationType,
    userEmail,
  };
  const body = { sourceId: 'javascript example', presenceEvents: [event] };
  const { results } = await post(baseUrl, '/v1/presence/', body, token);
  const [result] = results;
  if (result.resultCode !== 0) throw new Refused(`result code ${result.resultCode}: ${result.message}`);
  return result;
}

function setting(name, argument, fallback) {
  const value = argument || process.env[name] || fallback;
  if (!value) {
    console.error(`${name} is missing\n\n${USAGE}`);
    process.exit(2);
  }
  return value;
}

const [locationArgument, userArgument, typeArgument] = process.argv.slice(2);
const baseUrl = setting('ROLLCALL_BASE_URL').replace(/\/+$/, '');
const keyId = setting('ROLLCALL_KEY_ID');
const secret = setting('ROLLCALL_KEY_SECRET');
const where = {
  locationId: setting('ROLLCALL_LOCATION_ID', locationArgument),
  userEmail: setting('ROLLCALL_USER_EMAIL', userArgument),
  locationType: setting('ROLLCALL_LOCATION_TYPE', typeArgument, 'location'),
};
try {
  const token = await logIn(baseUrl, keyId, secret);
  const result = await submit(baseUrl, token, where);
  console.log(`${result.eventId}: ${result.message}`);
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
