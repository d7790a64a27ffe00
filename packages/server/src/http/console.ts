import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { consoleDir } from '../store/release.ts';
import { CODINGS, type Coding } from './compression.ts';
import { HttpProblem } from './errors.ts';
import { preferredCoding } from './negotiation.ts';

const CONSOLE = '/console';
/** A file of this folder has a hash of its content in its name. */
const ASSETS = `${CONSOLE}/assets`;

const NONCE_BYTES = 16;
/** Where the built page takes the nonce. */
const NONCE_PLACE = '%nonce%';

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const ENDINGS: Record<Coding, string> = { br: '.br', gzip: '.gz' };

/** A built file: as it is, and in each coding. */
type Asset = { type: string; plain: Buffer } & Record<Coding, Buffer>;

interface Pages {
  html: string;
  assets: ReadonlyMap<string, Asset>;
}

/**
 * The policy of a page. It allows nothing from elsewhere. Only `<style>` elements with the nonce apply, because the
 * components write such elements.
 */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}

/**
 * Serves the pages of the console. Every path that is no asset answers the one page, which reads its address itself.
 * The server reads the files at the first visit, so that a start takes no longer.
 */
export function consoleRoutes(app: FastifyInstance): void {
  let read: Promise<Pages> | undefined;
  const pagesFor = (request: FastifyRequest) => {
    read ??= readPages().catch((err: unknown) => {
      read = undefined;
      request.log.error({ err }, 'the console cannot be read');
      throw new HttpProblem(503, 'The console is not installed here. `npm run build` builds it.');
    });
    return read;
  };
  const route = (url: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>) =>
    app.route({
      method: 'GET',
      url,
      config: { access: 'public', servesUnmigrated: true },
      schema: { hide: true },
      handler,
    });

  route(`${ASSETS}/:name`, async (request, reply) => {
    const { name } = request.params as { name: string };
    const asset = (await pagesFor(request)).assets.get(name);
    if (!asset) return reply.callNotFound();
    const coding = preferredCoding(request.headers['accept-encoding'], CODINGS);
    if (coding) reply.header('content-encoding', coding);
    return reply
      .type(asset.type)
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('vary', 'accept-encoding')
      .send(coding ? asset[coding] : asset.plain);
  });

  for (const url of [CONSOLE, `${CONSOLE}/*`])
    route(url, async (request, reply) => {
      const { html } = await pagesFor(request);
      const nonce = randomBytes(NONCE_BYTES).toString('base64url');
      return reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('content-security-policy', policyOf(nonce))
        .send(html.replace(NONCE_PLACE, nonce));
    });
}

async function readPages(): Promise<Pages> {
  const dir = consoleDir();
  const html = await readFile(join(dir, 'index.html'), 'utf8');
  const names = (await readdir(join(dir, 'assets'))).filter((name) => TYPES[extname(name)]);
  const assets = await Promise.all(
    names.map(async (name): Promise<[string, Asset]> => {
      const read = (ending: string) => readFile(join(dir, 'assets', `${name}${ending}`));
      const [plain, br, gzip] = await Promise.all([read(''), read(ENDINGS.br), read(ENDINGS.gzip)]);
      return [name, { type: TYPES[extname(name)] ?? '', plain, br, gzip }];
    }),
  );
  return { html, assets: new Map(assets) };
}
