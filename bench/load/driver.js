import { Connection } from './connection.js';
import { measure } from './pace.js';
import { SCENARIOS } from './scenarios.js';

/* A separate process that loads a server over sockets. It receives one job, answers with its measurements, and ends. */

process.once('message', async ({ address, scenario, options = {}, pace, data }) => {
  try {
    const run = SCENARIOS[scenario](data, options);
    const connections = await Promise.all(Array.from({ length: pace.lanes }, () => Connection.open(address)));
    const measured = await measure(pace, (lane) => run(connections[lane]));
    for (const connection of connections) connection.close();
    process.send({ measured });
  } catch (error) {
    process.send({ error: error.message });
  }
  process.disconnect();
});
