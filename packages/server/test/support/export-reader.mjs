import http from 'node:http';

/*
 * Reads an export to its end and discards it, in a separate process. It receives `{ url, headers }`, and answers with
 * its measurements.
 */

// The process that started it may have failed.
process.once('disconnect', () => process.exit());
process.once('message', ({ url, headers }) => {
  const startedMs = performance.now();
  const seen = { firstByteMs: 0, lines: 0, bytes: 0 };
  const request = http.get(url, { headers, agent: false }, (response) => {
    response.on('data', (chunk) => {
      seen.firstByteMs ||= performance.now() - startedMs;
      seen.bytes += chunk.length;
      for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) seen.lines++;
    });
    response.on('error', () => undefined);
    response.on('close', () => {
      const { statusCode: status, complete } = response;
      answer({ ...seen, status, complete, seconds: (performance.now() - startedMs) / 1_000 });
    });
  });
  request.on('error', (error) => answer({ error: error.message }));
});

function answer(seen) {
  process.send(seen, () => process.disconnect());
}
