import { once } from 'node:events';
import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = `\r\n0${HEAD_END}`;
const ANSWER_LIMIT_MS = 30_000;

/**
 * One keep-alive HTTP/1.1 connection with one request at a time. It does only the work that a benchmark needs, so that the
 * figures show the server. The body of a chunked answer is returned as it came, with its chunks.
 */
export class Connection {
  #socket;
  #received = '';
  #waiting;

  /** @param {{ host: string, port: number }} address */
  static async open({ host, port }) {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').setTimeout(ANSWER_LIMIT_MS);
    socket.on('data', (text) => {
      this.#received = this.#received === '' ? text : this.#received + text;
      this.#settle();
    });
    socket.on('timeout', () => socket.destroy(new Error(`No answer came within ${ANSWER_LIMIT_MS} ms.`)));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The connection closed before the answer.')));
  }

  /**
   * Sends a POST and waits for its answer.
   * @param {string} head of {@link postHead}
   * @param {string} body ASCII
   * @returns {Promise<{ status: number, body: string }>}
   */
  post(head, body) {
    return this.#send(`${head}content-length: ${body.length}${HEAD_END}${body}`);
  }

  /**
   * Sends a GET and waits for its answer.
   * @param {string} path with its query
   * @param {Record<string, string>} headers
   * @returns {Promise<{ status: number, body: string }>}
   */
  get(path, headers) {
    const lines = Object.entries({ host: 'rollcall', ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    return this.#send(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}${HEAD_END}`);
  }

  #send(request) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close() {
    this.#socket.removeAllListeners('close').destroy();
  }

  #settle() {
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const bodyStart = headEnd + HEAD_END.length;
    const end = this.#endOfBody(head, bodyStart);
    if (end === undefined) return this.#fail(new Error(`An answer whose end is unknown: ${head}`));
    if (this.#received.length < end) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.#received.slice(bodyStart, end) };
    this.#received = this.#received.slice(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  /** Where the answer ends. Infinity until its last chunk is there; undefined if the head does not tell. */
  #endOfBody(head, bodyStart) {
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length !== undefined) return bodyStart + Number(length);
    if (!/\r\ntransfer-encoding: chunked/i.test(head)) return undefined;
    // The next answer comes only after the next request, so the last chunk is at the end of what was received.
    const isComplete = this.#received.length > bodyStart && this.#received.endsWith(LAST_CHUNK);
    return isComplete ? this.#received.length : Number.POSITIVE_INFINITY;
  }

  #fail(error) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

/**
 * The head of a POST, up to where the content-length goes.
 * @param {string} path
 * @param {string} contentType
 * @param {string} [token]
 */
export function postHead(path, contentType, token) {
  const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`;
  return `POST ${path} HTTP/1.1\r\nhost: rollcall\r\ncontent-type: ${contentType}\r\n${authorization}`;
}
