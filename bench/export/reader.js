import { connect } from 'node:net';

const BUFFER_BYTES = 1024 * 1024;
const HEAD_BYTES = 1_024;
const END = '\r\n0\r\n\r\n';

/**
 * Reads the answer to a GET off a socket to its proper end, and discards it. It reads into one buffer, as `psql` does, and
 * so takes little of the machine from the measured process.
 *
 * @param {{ host: string, port: number }} address
 * @param {string} path
 * @param {string} authorization
 */
export function readToEnd({ host, port }, path, authorization) {
  return new Promise((resolve, reject) => {
    let [head, tail] = ['', ''];
    const take = (count, buffer) => {
      if (head.length < HEAD_BYTES) head += buffer.latin1Slice(0, Math.min(count, HEAD_BYTES));
      tail = (tail + buffer.latin1Slice(Math.max(0, count - END.length), count)).slice(-END.length);
      return true;
    };
    const onread = { buffer: Buffer.alloc(BUFFER_BYTES), callback: take };
    const socket = connect({ host, port, onread }, () => {
      const lines = [
        `GET ${path} HTTP/1.1`,
        `host: ${host}`,
        `authorization: ${authorization}`,
        'connection: close',
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const isWhole = /^HTTP\/1\.1 200 .*\r\ntransfer-encoding: chunked\r\n/is.test(head) && tail === END;
      if (isWhole) resolve();
      else reject(new Error(`${path} was incomplete: ${head.split('\r\n')[0]}`));
    });
  });
}

/** The authorization header of a key with Basic authentication. */
export function basicAuthorization({ apiKey, secret }) {
  return `Basic ${Buffer.from(`${apiKey}:${secret}`).toString('base64')}`;
}
