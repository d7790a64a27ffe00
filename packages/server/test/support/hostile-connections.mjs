import net from 'node:net';

/*
 * Holds connections without a complete request, in a separate process. It receives `{ kind, baseUrl, connections }`,
 * opens all connections and answers that it has begun. It replaces each connection that ends. When it is told to stop,
 * it answers with its counts.
 */

const AGAIN_MS = 100;
const kinds = {
  /** Nothing at all. */
  idle: '',
  /** A head that never ends. */
  halves: 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ',
};

const counts = { opened: 0, ended: 0, failed: 0 };

// The process that started it may have failed.
process.once('disconnect', () => process.exit());
process.once('message', async ({ kind, baseUrl, connections }) => {
  const { hostname, port } = new URL(baseUrl);
  const beganCpu = process.cpuUsage();
  const beganMs = performance.now();
  const hold = () =>
    new Promise((resolve) => {
      const socket = net.connect(Number(port), hostname, () => {
        counts.opened++;
        socket.write(kinds[kind]);
        resolve();
      });
      socket
        .on('error', () => {
          counts.failed++;
        })
        .on('close', () => {
          counts.ended++;
          resolve();
          setTimeout(hold, AGAIN_MS);
        })
        .resume();
    });
  await Promise.all(Array.from({ length: connections }, hold));
  process.send('begun');
  process.once('message', () => {
    const { user, system } = process.cpuUsage(beganCpu);
    const processors = (user + system) / 1_000 / (performance.now() - beganMs);
    process.send({ counts, processors }, () => process.exit());
  });
});
