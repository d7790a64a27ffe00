import { once } from 'node:events';
import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const ANSWER_LIMIT_MS = 30_000;

/**
 * One keep-alive HTTP/1.1 connection with one request at a time. It does only the work that a benchmark needs, so that the
 * figures show the server. Bodies must come with a content-length.
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
   * @param {string} token
   * @returns {Promise<{ status: number, body: string }>}
   */
  get(path, token) {
    return this.#send(`GET ${path} HTTP/1.1\r\nhost: rollcall\r\nauthorization: Bearer ${token}${HEAD_END}`);
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
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) return this.#fail(new Error(`An answer without a content-length: ${head}`));
    const bodyStart = headEnd + HEAD_END.length;
    const end = bodyStart + Number(length);
    if (this.#received.length < end) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.#received.slice(bodyStart, end) };
    this.#received = this.#received.slice(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
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
