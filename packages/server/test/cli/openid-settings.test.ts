import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readOidcClientSecret } from '../../src/cli/openid.ts';
import { OIDC_CLIENT_SECRET_ENV, SIGN_IN_SETTINGS } from '../../src/config-sign-in.ts';

const both = { oidcIssuer: 'https://id.example.com', oidcClientId: 'rollcall' };
const none = { oidcIssuer: undefined, oidcClientId: undefined, oidcClientSecretFile: undefined };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-openid-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

describe('The settings of OpenID Connect', () => {
  test('are an issuer and a client together, or neither', async () => {
    expect(await readOidcClientSecret(none)).toBeUndefined();
    await expect(readOidcClientSecret({ ...none, oidcIssuer: both.oidcIssuer })).rejects.toThrow('both');
    await expect(readOidcClientSecret({ ...none, oidcClientId: 'rollcall' })).rejects.toThrow('both');
  });

  test('have the secret in a file, which comes before the environment', async () => {
    const file = join(folder, 'secret');
    await writeFile(file, 'from the file\n');
    vi.stubEnv(OIDC_CLIENT_SECRET_ENV, 'from the environment');
    expect(await readOidcClientSecret({ ...both, oidcClientSecretFile: file })).toBe('from the file');
    expect(await readOidcClientSecret({ ...both, oidcClientSecretFile: undefined })).toBe(
      'from the environment',
    );
    const missing = { ...both, oidcClientSecretFile: join(folder, 'missing') };
    await expect(readOidcClientSecret(missing)).rejects.toThrow('cannot be read');
    await writeFile(file, '\n');
    await expect(readOidcClientSecret({ ...both, oidcClientSecretFile: file })).rejects.toThrow('is empty');
  });

  test('take an issuer as the provider writes it, by https or on this machine', () => {
    const { parse } = SIGN_IN_SETTINGS.oidcIssuer;
    for (const issuer of [
      'https://id.example.com/',
      'https://id.example.com/realms/a',
      'http://localhost:9000',
    ])
      expect(parse(issuer)).toBe(issuer);
    for (const issuer of ['http://id.example.com', 'https://id.example.com/?a', 'id.example.com'])
      expect(() => parse(issuer)).toThrow('https');
  });
});
