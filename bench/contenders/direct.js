import pg from 'pg';
import { eventSource } from '../load/events.js';
import { insertEvents, SESSION } from '../load/insert.js';
import { measure } from '../load/pace.js';

/*
 * Inserts presence rows directly through pg, without HTTP. The script receives one job, answers with its measurements,
 * and ends.
 */

process.once('message', async ({ target, pace, data: { keys, organisations }, options: { batch } }) => {
  try {
    const clients = await Promise.all(Array.from({ length: pace.lanes }, () => connect(target)));
    const nextEvent = eventSource(organisations);
    let turn = 0;
    const measured = await measure(pace, async (lane) => {
      const key = keys[turn++ % keys.length];
      const events = Array.from({ length: batch }, () => nextEvent(key.organisation));
      await insertEvents(clients[lane], organisations[key.organisation], `bench ${key.apiKey}`, events);
    });
    await Promise.all(clients.map((client) => client.end()));
    process.send({ measured });
  } catch (error) {
    process.send({ error: error.message });
  }
  process.disconnect();
});

async function connect(target) {
  const client = new pg.Client({ ...target, application_name: 'bench direct' });
  await client.connect();
  await client.query(SESSION);
  return client;
}
