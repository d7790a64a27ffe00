import { AuthenticationError, Rollcall } from '@rollcall/sdk';

const EVENTS = 250;

/**
 * Uses the SDK as programs do, in the same way in every runtime: logs in by each type of authentication, submits
 * batches, reads a stream and a list, and provokes an error. `connection` is `{ baseUrl, apiKey, secret }`. It is empty
 * if the environment has these values.
 */
export async function walk({ connection, locationId, userId, sourceId }) {
  const rollcall = new Rollcall(connection);
  const nowMs = Date.now();
  const events = Array.from({ length: EVENTS }, (_, index) => ({
    eventId: `e${index}`,
    timestamp: new Date(nowMs - 1000 * (EVENTS - index)),
    locationId,
    locationType: 'location',
    userId,
  }));
  const { results, refused } = await rollcall.presence.submit(sourceId, events);

  const range = { startDate: new Date(nowMs - 86_400_000), endDate: new Date(nowMs + 86_400_000) };
  let streamed = 0;
  for await (const row of rollcall.analytics.presence(range)) if (row.sourceId === sourceId) streamed++;
  const awaited = await rollcall.analytics.presence(range);

  const users = {};
  for (const authentication of ['hmac', 'client-credentials', 'basic'])
    users[authentication] = (await new Rollcall({ ...connection, authentication }).analytics.users()).length;

  const failure = await new Rollcall({ ...connection, secret: 'wrong' }).analytics.users().then(
    () => undefined,
    (error) => error,
  );
  return {
    stored: results.length - refused.length,
    streamed,
    awaited: awaited.filter((row) => row.sourceId === sourceId).length,
    users,
    failure: [failure instanceof AuthenticationError, failure.name, failure.status],
  };
}
