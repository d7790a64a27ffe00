import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../server/test/support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const directivesOf = (policy: unknown) =>
  Object.fromEntries(
    String(policy)
      .split('; ')
      .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1).join(' ')]),
  );

describe('the page', () => {
  test('has a policy without unsafe parts, and a nonce that is new for each answer', async () => {
    const answers = [
      await server.app.inject({ url: '/console' }),
      await server.app.inject({ url: '/console' }),
    ];
    const nonces = answers.map(({ body }) => /property="csp-nonce" nonce="([\w-]{22})"/.exec(body)?.[1]);
    expect(new Set(nonces).size).toBe(2);
    for (const [index, { headers, statusCode }] of answers.entries()) {
      expect(statusCode).toBe(200);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['cache-control']).toBe('no-store');
      expect(directivesOf(headers['content-security-policy'])).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': `'self' 'nonce-${nonces[index]}'`,
        'img-src': "'self' data: blob:",
        'connect-src': "'self'",
        'base-uri': "'none'",
        'form-action': "'self'",
        'frame-ancestors': "'none'",
        'object-src': "'none'",
      });
    }
  });

  test('answers at every path that is no asset', async () => {
    const paths = [
      '/console/',
      '/console/acme/attendance?period=week',
      '/console/acme/a/b.js',
      '/console/sign-in',
    ];
    for (const url of paths) {
      const { statusCode, body } = await server.app.inject({ url });
      expect([url, statusCode]).toEqual([url, 200]);
      expect(body).toContain('<div id="root">');
    }
  });

  test('answers while the schema is migrated', async () => {
    const waiting = await startTestServer({}, { lifecycle: { migrated: false } });
    expect((await waiting.app.inject({ url: '/console' })).statusCode).toBe(200);
    expect((await waiting.app.inject({ url: '/v1/analytics/users' })).statusCode).toBe(503);
    await waiting.close();
  });
});

describe('an asset', () => {
  const scriptOf = async () =>
    /src="(\/console\/assets\/[\w-]+\.js)"/.exec((await server.app.inject({ url: '/console' })).body)?.[1] ??
    '';

  test('may be kept for ever, and was compressed when it was built', async () => {
    const url = await scriptOf();
    const plain = await server.app.inject({ url });
    expect(plain.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'accept-encoding',
    });
    expect(plain.headers).not.toHaveProperty('content-encoding');
    for (const coding of ['gzip', 'br']) {
      const { headers, rawPayload } = await server.app.inject({
        url,
        headers: { 'accept-encoding': coding },
      });
      expect(headers['content-encoding']).toBe(coding);
      expect(rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
    }
  });

  test('that does not exist is a 404, also if its name leads out of the folder', async () => {
    for (const name of ['none.js', '..%2findex.html', '%2e%2e%2findex.html', 'none.js.gz'])
      expect((await server.app.inject({ url: `/console/assets/${name}` })).statusCode).toBe(404);
  });
});

describe('the built files', () => {
  const dist = new URL('../dist/', import.meta.url);
  type Chunk = {
    file: string;
    isEntry?: boolean;
    isDynamicEntry?: boolean;
    imports?: string[];
    dynamicImports?: string[];
    css?: string[];
  };
  const manifest: Record<string, Chunk> = JSON.parse(
    readFileSync(new URL('.vite/manifest.json', dist), 'utf8'),
  );

  /** The files that a chunk loads before it runs. */
  const filesOf = (name: string, seen = new Set<string>()): Set<string> => {
    const { file, css = [], imports = [] } = manifest[name] as Chunk;
    for (const each of [file, ...css]) seen.add(each);
    for (const each of imports) filesOf(each, seen);
    return seen;
  };
  const gzipBytes = (files: Iterable<string>) =>
    [...files].reduce((sum, file) => sum + statSync(new URL(`${file}.gz`, dist)).size, 0);

  test('of the first load are at most 250 kB compressed, and each page adds at most 60 kB', () => {
    const entry = Object.keys(manifest).filter((name) => manifest[name]?.isEntry);
    const pages = Object.keys(manifest).filter((name) => manifest[name]?.isDynamicEntry);
    expect(entry).toHaveLength(1);
    expect(pages.length).toBeGreaterThan(2);
    const shell = filesOf(entry[0] ?? '');
    const first = filesOf('src/today/page.tsx', new Set(shell));
    expect(gzipBytes(first)).toBeLessThan(250_000);
    for (const page of pages) {
      // A page opens with one of its tabs, which are chunks of their own.
      for (const tab of [undefined, ...(manifest[page]?.dynamicImports ?? [])]) {
        const all = filesOf(page);
        if (tab !== undefined) filesOf(tab, all);
        const bytes = gzipBytes([...all].filter((file) => !shell.has(file)));
        expect([page, tab, bytes < 60_000 || bytes]).toEqual([page, tab, true]);
      }
    }
  });
});
