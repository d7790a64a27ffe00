import { randomUUID } from 'node:crypto';
import { secretContext } from '../auth/api-key.ts';
import { ensureMember } from '../auth/manage-accounts.ts';
import { createKey, keysOf, type ShownKey } from '../auth/manage-keys.ts';
import type { Sealer } from '../auth/secrets.ts';
import type { DemoConfig } from '../config-demo.ts';
import { API_KEY_ROLES, type ApiKeyRole } from '../store/auth/api-keys.ts';
import type { Database } from '../store/connections/db.ts';
import {
  insertOrganisation,
  listOrganisations,
  type Organisation,
} from '../store/directory/organisations.ts';
import { findSamplePerson, type SamplePerson } from '../store/directory/sample-person.ts';
import { type DemoDirectory, makeDirectory } from './directory.ts';
import { DemoError } from './errors.ts';
import { makeHistory } from './history.ts';
import { storeDemoDirectory } from './store-directory.ts';
import { storeDemoFloorPlans } from './store-floor-plans.ts';

/** The roles with keys for Basic and HMAC, because examples use HTTP Basic. The other keys are for HMAC. */
const BASIC_ROLES: readonly ApiKeyRole[] = ['submitting-events', 'data-warehouse'];

/** One key for each role, and a second key with All permissions, for Basic and HMAC. */
const KEYS = [
  ...API_KEY_ROLES.map((role) => ({
    name: `Demo ${role}`,
    role,
    authentication: BASIC_ROLES.includes(role) ? ('basic' as const) : ('hmac' as const),
  })),
  { name: 'Demo all, Basic and HMAC', role: 'all', authentication: 'basic' },
] as const;

/** The account of the person who looks at the demo. */
export const DEMO_ACCOUNT = { email: 'demo@demo.example', name: 'Demo', role: 'administrator' } as const;

/** The demo organisation. */
export interface Demo {
  directory: DemoDirectory;
  keys: ShownKey[];
  /** Whether this call created it. A later start finds the data of the first start. */
  created: boolean;
  /** A user for trying an event, with the user's office. */
  sample: SamplePerson | undefined;
}

/** The number of database connections. Planning and submission of days run in parallel. */
export const CONNECTIONS = 4;

interface Deps {
  owner: Database;
  masterKey: Sealer;
  clock: () => number;
  /** Called after each day of the history, with numbers of days. */
  onProgress: (done: number, total: number) => void;
}

/**
 * Creates the demo organisation with all its history, or finds the one of an earlier start. It creates the keys last.
 * If keys are missing, an earlier start was interrupted, and the history continues.
 */
export async function ensureDemo(
  config: Pick<DemoConfig, 'users' | 'days' | 'seed'>,
  deps: Deps,
): Promise<Demo> {
  const { tenantId } = await ensureOrganisation(deps);
  const directory = makeDirectory(config.seed, config.users);
  const existing = new Set((await shownKeys(tenantId, deps)).map((key) => key.name));
  const missing = KEYS.filter((key) => !existing.has(key.name));
  const created = missing.length > 0;
  if (created) {
    const { owner: database, onProgress: onDay } = deps;
    const nowMs = deps.clock();
    await storeDemoDirectory(directory, { database, tenantId, at: new Date(nowMs) });
    await storeDemoFloorPlans(directory.offices, {
      database,
      tenantId,
      at: new Date(nowMs),
      name: DEMO_ACCOUNT.email,
    });
    await makeHistory(directory, { database, tenantId, days: config.days, nowMs, onDay });
    for (const key of missing) await createKey({ tenantId, ...key }, deps);
  }
  await ensureMember({ tenantId, ...DEMO_ACCOUNT }, deps);
  return {
    directory,
    keys: await shownKeys(tenantId, deps),
    created,
    sample: await deps.owner.inTenant(tenantId, (tx) => findSamplePerson(tx, tenantId)),
  };
}

async function ensureOrganisation({ owner, clock }: Deps): Promise<Organisation> {
  const existing = (await owner.inSystem(listOrganisations)).find((organisation) => organisation.isDemo);
  if (existing) return existing;
  const organisation: Organisation = {
    tenantId: randomUUID(),
    slug: 'demo',
    name: 'Demo organisation',
    timeZone: 'Europe/London',
    isDemo: true,
    createdAt: new Date(clock()),
  };
  const inserted = await owner.inSystem((tx) => insertOrganisation(tx, organisation));
  if (!inserted)
    throw new DemoError(
      'An organisation named "demo" exists and is not the demo; use another data directory.',
    );
  return organisation;
}

/**
 * The demo's keys in the order of `KEYS`, with their secrets. The secrets of other organisations are never shown again.
 */
async function shownKeys(tenantId: string, { owner, masterKey }: Deps): Promise<ShownKey[]> {
  const rows = await keysOf(tenantId, owner);
  return KEYS.flatMap(({ name }) => {
    const row = rows.find((candidate) => candidate.name === name && !candidate.revokedAt);
    if (!row) return [];
    const { apiKey, role, authentication, expiresAt, networks, locationIds } = row;
    const secret = masterKey.open(row.secretSealed, secretContext(tenantId, row.apiKeyFolded));
    return [{ apiKey, secret, name, role, authentication, expiresAt, networks, locationIds }];
  });
}
