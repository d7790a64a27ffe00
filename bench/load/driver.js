import { Connection } from './connection.js';
import { measure } from './pace.js';
import { SCENARIOS } from './scenarios.js';

/*
 * A separate process that loads a server over sockets. It receives one job, answers with its measurements, and ends. A
 * second message ends the job early.
 */

const stopped = new AbortController();

process.once('message', async ({ address, scenario, options = {}, pace, data }) => {
  process.once('message', () => stopped.abort());
  try {
    const run = SCENARIOS[scenario](data, options);
    const connections = await Promise.all(Array.from({ length: pace.lanes }, () => Connection.open(address)));
    const measured = await measure(pace, (lane) => run(connections[lane]), stopped.signal);
    for (const connection of connections) connection.close();
    process.send({ measured });
  } catch (error) {
    process.send({ error: error.message });
  }
  process.disconnect();
});
