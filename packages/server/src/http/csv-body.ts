import type { FastifyInstance } from 'fastify';
import { HttpProblem } from './errors.ts';

const TOO_LARGE = 413;

/**
 * Accepts `text/csv` bodies and no others, for the routes of a plugin. The body is a Buffer: in UTF-8 if the content type
 * names a charset, else as sent. `tooLarge` is the answer to a body beyond the route's limit.
 */
export function acceptCsv(app: FastifyInstance, tooLarge: () => HttpProblem): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('text/csv', (request, payload, done) => {
    app.bodyReader.read(request, payload, undefined, (problem, body) =>
      done(problem?.status === TOO_LARGE ? tooLarge() : problem, body),
    );
  });
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(new HttpProblem(415, 'The content type must be text/csv.'));
  });
}
