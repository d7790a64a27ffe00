import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The parts of a call that `post` takes, as those of `fetch`. */
export interface Post {
  headers?: Record<string, string>;
  body: string;
  signal?: AbortSignal | null;
}

const OPTIONS = { keepAlive: true };
const AGENT = new Agent(OPTIONS);
const TLS_AGENT = new TlsAgent(OPTIONS);

/**
 * As the global `fetch` for a POST: the same answer, and an error where there is none. It reads the whole answer first, so that
 * an answer that breaks off is an error, too; only an export, a ZIP file, comes as a stream. It does not follow redirections. The global one takes a third of the processor time of
 * `rollcall submit`.
 */
export function post(url: string, { headers = {}, body, signal }: Post): Promise<Response> {
  const isTls = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const call = (isTls ? tlsRequest : request)(url, {
      method: 'POST',
      headers,
      agent: isTls ? TLS_AGENT : AGENT,
      ...(signal ? { signal } : {}),
    });
    // A call can fail after its answer has begun, too.
    call.on('error', reject);
    call.on('response', (answer) => readAnswer(answer).then(resolve, reject));
    call.end(body);
  });
}

async function readAnswer(answer: IncomingMessage): Promise<Response> {
  const { statusCode: status = 0, rawHeaders } = answer;
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers.append(rawHeaders[index] as string, rawHeaders[index + 1] as string);
  if (headers.get('content-type')?.startsWith('application/zip'))
    return new Response(Readable.toWeb(answer) as ReadableStream, { status, headers });
  const body = await text(answer);
  return new Response(body === '' ? null : body, { status, headers });
}
