import { isAscii, isUtf8 } from 'node:buffer';
import querystring from 'node:querystring';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Gauge } from './arriving-body.ts';
import { malformedBody } from './errors.ts';
import { JsonGauge } from './json-gauge.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The text of the JSON body as sent, if the route asks for it (`keepBodyText`). */
    bodyText: string;
  }
  interface FastifyContextConfig {
    keepBodyText?: boolean;
  }
}

/**
 * Accepts `application/json` bodies and no others, from the server's `bodyReader`. The parser of Fastify would store
 * replacement characters for bytes that are not UTF-8; this one refuses them. It removes the members `__proto__` and
 * `constructor`, which no route knows.
 */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // RFC 9110 section 9.3.5: a body of DELETE has no meaning, so its content type has none.
  app.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true });
  app.decorateRequest('bodyText', '');
  acceptJsonAs(app, 'application/json');
}

/** Also accepts JSON bodies of another media type, in the same way. */
export function acceptJsonAs(app: FastifyInstance, mediaType: string): void {
  const parse = app.getDefaultJsonParser('remove', 'remove');
  acceptTextAs(
    app,
    mediaType,
    () => new JsonGauge(),
    (request, text, done) => {
      if (request.route.config.keepBodyText) request.bodyText = text;
      parse(request, text, done);
    },
  );
}

/**
 * Accepts bodies of HTML forms. The result is an object with a text for each name, or a list of texts if a name
 * repeats.
 */
export function acceptForms(app: FastifyInstance): void {
  acceptTextAs(
    app,
    'application/x-www-form-urlencoded',
    () => undefined,
    (_request, text, done) => {
      done(null, querystring.parse(text));
    },
  );
}

type TextParser = (
  request: FastifyRequest,
  text: string,
  done: (error: Error | null, body?: unknown) => void,
) => void;

function acceptTextAs(
  app: FastifyInstance,
  mediaType: string,
  gauge: () => Gauge | undefined,
  parse: TextParser,
): void {
  app.addContentTypeParser(mediaType, (request, payload, done) => {
    // Fastify also parses bodies of unknown paths, which have no guard.
    if (request.is404) return done(null);
    app.bodyReader.read(request, payload, gauge(), (problem, body) => {
      if (problem || !body) return done(problem);
      // Decoding ASCII is ten times as fast as UTF-8, and most bodies are ASCII.
      if (isAscii(body)) parse(request, body.toString('latin1'), done);
      else if (!isUtf8(body)) done(malformedBody('The request body is not UTF-8.'));
      else if (body.length <= SLICE_BYTES) parse(request, body.toString('utf8'), done);
      else void inSlices(body).then((whole) => parse(request, whole, done), done);
    });
  });
}

/** Decoding this much takes a millisecond of the thread. A whole body takes a tenth of a second. */
const SLICE_BYTES = 256 * 1024;

/** Decodes UTF-8. The thread does other work after each slice. */
async function inSlices(body: Buffer): Promise<string> {
  let text = '';
  for (let from = 0; from < body.length; ) {
    let to = Math.min(from + SLICE_BYTES, body.length);
    while (to < body.length && isContinuation(body[to])) to--;
    text += body.toString('utf8', from, to);
    from = to;
    await nextTurn();
  }
  return text;
}

/** RFC 3629: whether a byte continues a character. */
function isContinuation(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}
