import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { basic } from '../support/server.ts';
import type { Key, Workspace } from './support.ts';

export interface Credentials {
  baseUrl: string;
  keys: (Key & { name: string; role: string; authentication: string })[];
}

export const SIZE = ['--users', '20', '--days', '3', '--seed', '7'];
export const SILENT = [...SIZE, '--no-live'];

/** Starts a demo in a data directory of this name. Returns its credentials when their file exists. */
export async function startDemo(work: Workspace, name: string, more: string[] = SILENT) {
  const file = work.path(`${name}.json`);
  const args = ['--data-dir', work.path(name), '--credentials-file', file, ...more];
  const { server, baseUrl } = await work.start(['demo', ...args]);
  const credentials = JSON.parse(await readFile(file, 'utf8')) as Credentials;
  expect(credentials.baseUrl).toBe(baseUrl);
  return { server, baseUrl, file, credentials };
}

export async function readDataset(
  baseUrl: string,
  dataset: string,
  key: Key,
): Promise<Record<string, unknown>[]> {
  const reply = await fetch(`${baseUrl}/v1/analytics/${dataset}`, { headers: { authorization: basic(key) } });
  expect(reply.status).toBe(200);
  return (await reply.json()) as Record<string, unknown>[];
}

export function basicKey({ keys }: Credentials): Key {
  return (
    keys.find(({ role, authentication }) => role === 'all' && authentication === 'basic') ??
    expect.fail('no key for Basic')
  );
}
