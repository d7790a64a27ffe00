import pg from 'pg';
import type { MasterKeys } from '../../auth/master-keys.ts';
import type { DataConfig } from '../../config.ts';
import { roleOf } from '../../store/connections/check-database.ts';
import type { HostReport } from '../../store/connections/hosts.ts';
import { MIGRATIONS_DIR } from '../../store/release.ts';
import type { DatabaseFacts } from '../../store/schema/examine.ts';
import { firstNotRolling } from '../../store/schema/rolling.ts';
import { servingRoleFault } from '../../store/schema/serving-role.ts';
import { MOST_BEHIND_MS } from '../../store/warehouse/warehouse-reads.ts';
import type { Connection } from '../context.ts';
import { advice, type Finding, fine, formatBytes, mend, unknown } from './finding.ts';

/** Signed logins may differ by 300 seconds. Clients have faults of their own, so the machines may not need much of it. */
const MOST_CLOCK_DIFFERENCE_MS = 5_000;

/** The clock of this machine against that of the database. */
export function checkClock({ clockAheadMs }: DatabaseFacts): Finding {
  const seconds = Math.abs(clockAheadMs) / 1_000;
  const where = clockAheadMs > 0 ? 'ahead of' : 'behind';
  if (Math.abs(clockAheadMs) <= MOST_CLOCK_DIFFERENCE_MS)
    return fine('clock', 'The clocks of this machine and of the database agree within five seconds.');
  return mend(
    'clock',
    `The clock of the database is ${seconds.toFixed(0)} seconds ${where} that of this machine.`,
    'Let an NTP service set the clocks of both machines.',
  );
}

export function checkVersion({ version, bytes }: DatabaseFacts): Finding {
  return fine('database', `PostgreSQL ${version} answers; the data takes ${formatBytes(bytes)}.`);
}

/** The roles of the owner and of requests. */
export async function checkRoles(
  { role, pending, isStandby }: DatabaseFacts,
  { target, servingTarget }: Connection,
): Promise<Finding> {
  const check = 'roles';
  if ('fault' in role) {
    const [found = '', remedy = ''] = role.fault.split(/: have (.*)/);
    return mend(check, `${found}.`, `Have ${remedy.replace(/;$/, '.')}`);
  }
  const owner = roleOf(target);
  if (servingTarget === undefined) {
    return advice(
      check,
      `Requests connect to the database as its owner, ${owner}.`,
      'Give --serving-database-url, so that a fault of the server cannot use the rights of the owner.',
    );
  }
  // The first start makes the role, and the schema that its rights are for.
  if (pending.length > 0 || isStandby)
    return unknown(check, 'The role of requests is checked when the schema is up to date.');
  const fault = await servingRoleFault(target, servingTarget);
  const serving = roleOf(servingTarget);
  if (fault !== undefined) {
    return mend(
      check,
      `The role ${serving} cannot serve requests: ${fault}.`,
      'Start "rollcall serve", which gives the role its rights or names the statements to run.',
    );
  }
  return fine(check, `The owner is ${owner}, and requests connect as ${serving}.`);
}

/** Whether the schema is that of this release, whose migrations are in `dir`. */
export async function checkMigrations(
  { pending, unknown: newer }: Pick<DatabaseFacts, 'pending' | 'unknown'>,
  dir: string = MIGRATIONS_DIR,
): Promise<Finding> {
  const check = 'migrations';
  if (newer.length > 0) {
    return mend(
      check,
      `A newer Rollcall wrote this database: it has the migration ${newer.at(-1)}.`,
      'Install that release, or a newer one.',
    );
  }
  if (pending.length === 0) return fine(check, 'The schema is that of this release.');
  const isRolling = (await firstNotRolling(dir, pending)) === undefined;
  return mend(
    check,
    `${pending.length} migrations of this release are due, from ${pending[0]} on.`,
    isRolling
      ? 'Back up with the earlier release, and replace its servers one after the other: the first of this release migrates (docs/upgrade.md).'
      : 'Back up with the earlier release, stop all its servers, and start "rollcall serve": it migrates (docs/upgrade.md).',
  );
}

/** The hosts of a URL that names several. */
export function checkHosts(reports: readonly HostReport[]): Finding {
  const check = 'hosts';
  const found = `${reports.map((report) => `${report.where} ${sayingOf(report)}`).join('; ')}.`;
  const primaries = reports.filter((report) => 'isStandby' in report && !report.isStandby);
  if (reports.some((report) => 'fault' in report)) {
    return mend(
      check,
      found,
      'Start the host that does not answer, let it admit the role, or take it out of the database URL.',
    );
  }
  if (primaries.length > 1) {
    return mend(
      check,
      found,
      'Stop all but one of the primaries at once: they are different databases, and each may have changes that the others lack.',
    );
  }
  return fine(check, found);
}

function sayingOf(report: HostReport): string {
  if ('fault' in report) return report.fault;
  if (report.isStandby) return 'is a standby';
  return report.isReadOnly ? 'is the primary, and read-only' : 'is the primary';
}

/** The standbys and slots of the database, as `role` sees them. */
export function checkReplication(
  { isStandby, replication }: Pick<DatabaseFacts, 'isStandby' | 'replication'>,
  role: string,
): Finding {
  const check = 'replication';
  const { standbys, hidden, synchronous, longestLagS, waitsForStandby, unusedSlots } = replication;
  if (isStandby) {
    return mend(
      check,
      'This database is a standby, which cannot be written.',
      'Give the URL of the primary, or promote the standby.',
    );
  }
  if (waitsForStandby && synchronous === 0 && hidden === 0) {
    return mend(
      check,
      'The database waits for a synchronous standby at each commit, and none is connected.',
      'Start the standby, or empty synchronous_standby_names.',
    );
  }
  const [slot] = unusedSlots;
  if (slot) {
    const kept = slot.keptBytes === null ? '' : `, and keeps ${formatBytes(slot.keptBytes)} of files for it`;
    return mend(
      check,
      `Nobody reads the replication slot ${slot.name}${kept}. The database keeps ever more, until its disk is full.`,
      `Start the standby of the slot, or drop the slot: call pg_drop_replication_slot('${slot.name}').`,
    );
  }
  if (hidden > 0) {
    return unknown(
      check,
      `The role ${role} may not see the state of ${hidden} of ${standbys} connected standbys.`,
      `Let an administrator run GRANT pg_read_all_stats TO ${pg.escapeIdentifier(role)}, if the role may see the statements of other programs, too.`,
    );
  }
  if (longestLagS !== null && longestLagS * 1_000 > MOST_BEHIND_MS) {
    return mend(
      check,
      `A standby is ${longestLagS.toFixed(0)} seconds behind.`,
      'Look at its log, its network and its disk, and end long reads on it. Until it catches up, a failover loses more, or waits longer.',
    );
  }
  return fine(
    check,
    standbys === 0
      ? 'No standby is connected.'
      : `${standbys} standbys are connected, ${synchronous} of them synchronous.`,
  );
}

/** Whether the given keys are those of the database. Reads the sources only. */
export function checkMasterKey({ masterKeyChecks }: DatabaseFacts, keys: MasterKeys): Finding | undefined {
  if (masterKeyChecks?.current === undefined) return undefined;
  try {
    keys.adopt(masterKeyChecks);
    return undefined;
  } catch (error) {
    return mend(
      'master key',
      (error as Error).message,
      'Give the master key that this database had before, from your copy.',
    );
  }
}

/** The finding of a data directory without a database. */
export function noDatabase({ dataDir }: DataConfig): Finding {
  return unknown(
    'database',
    `There is no database in ${dataDir} yet.`,
    'The first start of "rollcall serve" makes it.',
  );
}
