import { inject } from 'vitest';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';

/** The URL of a test's database, as an operator gives it. */
export function urlOf({ user, password, database }: DatabaseTarget): string {
  const { host, port } = inject('adminTarget') as { host: string; port: number };
  const where = new URLSearchParams({ host, port: String(port) });
  return `postgres://${user}:${encodeURIComponent(String(password))}@/${database}?${where}`;
}
