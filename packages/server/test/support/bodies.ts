import http from 'node:http';
import net from 'node:net';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

export interface Sent {
  request: http.ClientRequest;
  /** Rejects if the connection ended without an answer. */
  answer: Promise<Answer>;
}

export interface Post {
  method?: string;
  headers: http.OutgoingHttpHeaders;
  body: string | Buffer;
  /** The bytes that Content-Length announces. `body` is then only a part. */
  announced?: number;
  /** More bytes may follow: the request is not ended. */
  isPart?: boolean;
}

/** Sends a JSON body, or a part of one, on a separate connection. */
export function send(url: string, { method = 'POST', headers, body, announced, isPart }: Post): Sent {
  const request = http.request(url, {
    method,
    agent: false,
    headers: {
      'content-type': 'application/json',
      ...(announced === undefined ? {} : { 'content-length': announced }),
      ...headers,
    },
  });
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('error', reject).on('end', () => {
        // The test does not wait for the rest of a body.
        if (announced !== undefined || isPart) request.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
  });
  answer.catch(() => undefined);
  if (announced === undefined && !isPart) request.end(body);
  else request.write(body);
  return { request, answer };
}

/**
 * Writes all bytes unchanged before it reads anything, as simple clients do. Resolves with the bytes that came back
 * until the server closed the connection. Rejects if the connection was reset.
 */
export function writeThenRead(baseUrl: string, pieces: Iterable<Buffer | string>): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const received: Buffer[] = [];
    socket.on('error', reject).on('close', () => resolve(Buffer.concat(received).toString()));
    socket.pause();
    const writeAll = async () => {
      for (const piece of pieces) {
        if (!socket.write(piece)) await new Promise((drained) => socket.once('drain', drained));
      }
      socket
        .on('data', (piece) => received.push(piece))
        .once('end', () => socket.end())
        .resume();
    };
    socket.once('connect', () => void writeAll());
  });
}
