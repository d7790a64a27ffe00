import { randomUUID } from 'node:crypto';
import { secretContext } from '../auth/api-keys.ts';
import { createKey, type ShownKey } from '../auth/manage-keys.ts';
import type { MasterKey } from '../auth/secrets.ts';
import type { DemoConfig } from '../config.ts';
import { upsertDesks, upsertLocations, upsertSpaces } from '../directory/places.ts';
import { upsertUsers } from '../directory/users.ts';
import { createLogger } from '../http/logging.ts';
import { submitBatch } from '../ingest/batch.ts';
import { PRESENCE_EVENTS_PER_CALL, type PresenceEvent, presence } from '../ingest/presence.ts';
import { Refusals } from '../ingest/refusals.ts';
import { API_KEY_ROLES, listApiKeys } from '../store/api-keys.ts';
import type { Database, Tx } from '../store/db.ts';
import { insertOrganisation, listOrganisations, type Organisation } from '../store/organisations.ts';
import { findSamplePerson, type SamplePerson } from '../store/sample-person.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { type DemoDirectory, makeDirectory } from './directory.ts';
import { DemoError } from './errors.ts';
import { makePresence } from './history.ts';

const ITEMS_PER_TRANSACTION = 1_000;
const BATCHES_AT_ONCE = 2;

/** One key per role, and one more of All permissions that is Basic and HMAC. */
const KEYS = [
  ...API_KEY_ROLES.map((role) => ({ name: `Demo ${role}`, role, authentication: 'hmac' as const })),
  { name: 'Demo all, Basic and HMAC', role: 'all', authentication: 'basic' },
] as const;

/** The demo organisation. */
export interface Demo {
  keys: ShownKey[];
  /** Whether this call made it; a later start finds the data of the first. */
  created: boolean;
  /** Someone to try an event with, and their office. */
  sample: SamplePerson | undefined;
}

interface Deps {
  owner: Database;
  masterKey: MasterKey;
  clock: () => number;
  /** Called as the history is written, in days. */
  onProgress: (done: number, total: number) => void;
}

/**
 * Makes the demo organisation with all its history, or finds the one that an earlier start made. The keys come
 * last: without all of them, an earlier start was cut short, and every step is taken again, to the same effect.
 */
export async function ensureDemo(config: DemoConfig, deps: Deps): Promise<Demo> {
  const { tenantId } = await ensureOrganisation(deps);
  const directory = makeDirectory(config.seed, config.users);
  const existing = new Set((await shownKeys(tenantId, deps)).map((key) => key.name));
  const missing = KEYS.filter((key) => !existing.has(key.name));
  const created = missing.length > 0;
  if (created) {
    await saveDirectory(tenantId, directory, deps);
    const { seed, days } = config;
    const events = makePresence(directory, { seed, days, nowMs: deps.clock(), onDay: deps.onProgress });
    await submitHistory(tenantId, events, deps);
    for (const key of missing) await createKey({ tenantId, ...key }, deps);
  }
  return {
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
    throw new DemoError('There is an organisation "demo" that is not the demo; use another data directory.');
  return organisation;
}

async function saveDirectory(
  tenantId: string,
  directory: DemoDirectory,
  { owner, clock }: Deps,
): Promise<void> {
  const author: DayAuthor = {
    actor: { changedBy: 'engine', name: null, reason: null },
    at: new Date(clock()),
  };
  const by = { database: owner, tenantId, author };
  await inSlices(by, directory.locations, upsertLocations);
  await inSlices(by, directory.desks, upsertDesks);
  await inSlices(by, directory.spaces, upsertSpaces);
  await inSlices(by, directory.users, upsertUsers);
}

async function inSlices<Item>(
  { database, tenantId, author }: { database: Database; tenantId: string; author: DayAuthor },
  items: Item[],
  upsert: (tx: Tx, tenantId: string, items: Item[], author: DayAuthor) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += ITEMS_PER_TRANSACTION) {
    const slice = items.slice(start, start + ITEMS_PER_TRANSACTION);
    await database.inTenant(tenantId, (tx) => upsert(tx, tenantId, slice, author));
  }
}

/** Submits the history as a client would, a hundred events at a time, each batch received as it happened. */
async function submitHistory(
  tenantId: string,
  events: Iterable<PresenceEvent>,
  { owner: database, clock }: Deps,
): Promise<void> {
  const caller = { tenantId, apiKey: 'demo', apiKeyFolded: 'demo', role: 'all' as const };
  const log = createLogger('silent');
  const refusals = new Refusals({ database, clock, keep: 0, log });
  const batches = inBatches(events, PRESENCE_EVENTS_PER_CALL);
  const submitAll = async () => {
    for (const batch of batches) {
      const receivedMs = Math.max(...batch.map((event) => Date.parse(event.timestamp)));
      await submitBatch(
        presence,
        { caller, sourceId: 'demo', events: batch },
        { database, refusals, clock: () => receivedMs, log },
      );
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, submitAll));
  refusals.close();
}

function* inBatches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The demo's keys in the order of `KEYS`, their secrets open: no other organisation's are shown again. */
async function shownKeys(tenantId: string, { owner, masterKey }: Deps): Promise<ShownKey[]> {
  const rows = await owner.inTenant(tenantId, (tx) => listApiKeys(tx, tenantId));
  return KEYS.flatMap(({ name }) => {
    const row = rows.find((candidate) => candidate.name === name && !candidate.revokedAt);
    if (!row) return [];
    const { apiKey, role, authentication, expiresAt } = row;
    const secret = masterKey.open(row.secretSealed, secretContext(tenantId, row.apiKeyFolded));
    return [{ apiKey, secret, name, role, authentication, expiresAt }];
  });
}
