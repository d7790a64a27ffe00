import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem, malformedBody } from './errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body's text as it was sent, where the route asks for it (`keepBodyText`). */
    bodyText: string;
  }
  interface FastifyContextConfig {
    keepBodyText?: boolean;
  }
}

/**
 * Takes `application/json` bodies and no others. Unlike Fastify's own parser it refuses bytes that are not
 * UTF-8 instead of storing replacement characters in their place, and drops `__proto__` and `constructor`
 * members as it does any unknown member.
 */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('bodyText', '');
  acceptJsonAs(app, 'application/json');
}

/** Takes JSON bodies of a further type, in the same way, and no others than before. */
export function acceptJsonAs(app: FastifyInstance, mediaType: string): void {
  const parse = app.getDefaultJsonParser('remove', 'remove');
  app.addContentTypeParser(mediaType, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const refusal = refuseEncoding(request, body);
    if (refusal) return done(refusal);
    const text = body.toString('utf8');
    if (request.route.config.keepBodyText) request.bodyText = text;
    parse(request, text, done);
  });
}

function refuseEncoding(request: FastifyRequest, body: Buffer): HttpProblem | undefined {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return new HttpProblem(415, 'The request body must be sent without a content encoding.', {
      headers: { 'accept-encoding': 'identity' },
    });
  }
  if (!isUtf8(body)) return malformedBody('The request body is not UTF-8.');
  return undefined;
}
