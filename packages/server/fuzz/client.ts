import http from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** A request as it goes over the wire. */
export interface Wire {
  method: string;
  /** Path and query. */
  target: string;
  headers: [name: string, value: string][];
  body: Buffer | null;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** There was no answer, or it broke off. `message` says which. */
export class NoAnswer extends Error {}

/** A machine that also does other work takes its time; a server that hangs does not answer at all. */
const LIMIT_MS = 20_000;

/** `node:http` sends a request of these methods in chunks if it does not know the length. */
const TAKES_BODY = ['POST', 'PUT', 'PATCH'];

/** Sends requests over connections that stay open, as the clients of the product do. */
export class Client {
  readonly #url: URL;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Resolves with the whole answer. Rejects with `NoAnswer`. */
  send({ method, target, headers, body }: Wire): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request({
        host: this.#url.hostname,
        port: this.#url.port,
        agent: this.#agent,
        method,
        path: target,
        // A list keeps repeated names; `node:http` adds nothing to it.
        headers: [
          ['host', `localhost:${this.#url.port}`],
          ...headers,
          ...(body === null && !TAKES_BODY.includes(method)
            ? []
            : [['content-length', String(body?.length ?? 0)]]),
        ].flat(),
      } as http.RequestOptions);
      const fail = (what: string) => reject(new NoAnswer(what));
      const timer = setTimeout(() => {
        fail(`no complete answer within ${LIMIT_MS / 1_000} s`);
        request.destroy();
      }, LIMIT_MS);
      request.once('error', (error: NodeJS.ErrnoException) =>
        fail(`the connection broke: ${error.code ?? error.message}`),
      );
      request.once('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.once('error', (error) =>
          fail(`the answer ${response.statusCode} broke off: ${error.message}`),
        );
        response.once('end', () => {
          const { statusCode = 0, headers } = response;
          try {
            resolve({ status: statusCode, headers, body: decoded(Buffer.concat(pieces), headers) });
          } catch (error) {
            fail(`the answer ${statusCode} does not have its content encoding: ${String(error)}`);
          }
        });
      });
      request.once('close', () => clearTimeout(timer));
      request.end(body ?? undefined);
    });
  }

  /** Closes the connections. The next request opens others. */
  close(): void {
    this.#agent.destroy();
  }
}

function decoded(body: Buffer, { 'content-encoding': coding }: http.IncomingHttpHeaders): Buffer {
  if (body.length === 0) return body;
  switch (coding) {
    case undefined:
      return body;
    case 'gzip':
      return gunzipSync(body);
    case 'br':
      return brotliDecompressSync(body);
    default:
      throw new Error(`unknown coding ${coding}`);
  }
}

/** A command that sends the request again, to a server on which the same things exist. */
export function curlOf(url: string, { method, target, headers, body }: Wire): string {
  const words = ['curl', '-i', '--path-as-is', '-X', method, quoted(`${url}${target}`)];
  for (const [name, value] of headers) words.push('-H', quoted(`${name}: ${value}`));
  if (body !== null && body.length <= MOST_SHOWN_BYTES)
    words.push('--data-binary', quoted(body.toString('latin1')));
  else if (body !== null) words.push(`--data-binary <${body.length} bytes>`);
  return words.join(' ');
}

const MOST_SHOWN_BYTES = 4_000;

/** A text for a shell; one with other than printable ASCII characters as bytes (`$'…'`). */
function quoted(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = text.replace(/[^\x20-\x7e]|['\\]/g, (character) =>
    character === "'" || character === '\\'
      ? `\\${character}`
      : [...Buffer.from(character, character <= '\xff' ? 'latin1' : 'utf8')]
          .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
          .join(''),
  );
  return `$'${escaped}'`;
}
