import type { DataConfig, ServerConfig } from '../../config.ts';
import type { DatabaseFacts } from '../../store/schema/examine.ts';
import { examineStandby } from '../../store/schema/examine-standby.ts';
import { LONGEST_WAIT_MS } from '../../store/warehouse/warehouse-reads.ts';
import type { Connection } from '../context.ts';
import { type Finding, fine, formatBytes, mend } from './finding.ts';

/** The standby for reads of --read-database-url. */
export async function checkStandby(
  { databaseUrl, readDatabaseUrl }: DataConfig & ServerConfig,
  { target, servingTarget }: Connection,
  primary: DatabaseFacts,
): Promise<Finding> {
  const check = 'standby';
  if (databaseUrl === undefined || readDatabaseUrl === undefined)
    return mend(
      check,
      '--read-database-url needs --database-url, the URL of the primary.',
      'Give both, or neither.',
    );
  const facts = await examineStandby(target, { connectionString: readDatabaseUrl }, LONGEST_WAIT_MS);
  if ('fault' in facts)
    return mend(
      check,
      `The standby does not answer: ${facts.fault}. All reads are from the primary.`,
      'Start the standby, let it admit the role, or correct --read-database-url.',
    );
  if (!facts.isOfPrimary)
    return mend(
      check,
      '--read-database-url names another database than --database-url: neither has the data of the other.',
      'Give the URL of a streaming standby of --database-url.',
    );
  if (!facts.isStandby)
    return mend(
      check,
      '--read-database-url names the primary, not a standby.',
      'Give the URL of the standby, or none.',
    );
  const mustBecomeApp =
    servingTarget !== undefined || ('session' in primary.role && primary.role.session === 'restricted');
  if ('fault' in facts.role || (mustBecomeApp && facts.role.session !== 'restricted'))
    return mend(
      check,
      'The role of --read-database-url cannot become rollcall_app, so the server does not read the standby.',
      'Give the standby the role of --serving-database-url.',
    );
  if (facts.missingBytes > 0)
    return mend(
      check,
      `The standby lacks ${formatBytes(facts.missingBytes)} that the primary had ${LONGEST_WAIT_MS / 1_000} seconds ago, so answers come from the primary.`,
      'Look at the replication: docs/standby.md says what an answer waits for.',
    );
  return fine(check, 'The standby answers, and has what the primary has.');
}
