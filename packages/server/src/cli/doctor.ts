import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { DataConfig, ServeConfig } from '../config.ts';
import { FILE_SETTINGS } from '../config-file.ts';
import { roleOf } from '../store/connections/check-database.ts';
import { examineHosts } from '../store/connections/hosts.ts';
import { type DatabaseFacts, examineDatabase } from '../store/schema/examine.ts';
import { type Connection, connectTarget } from './context.ts';
import {
  checkClock,
  checkHosts,
  checkMasterKey,
  checkMigrations,
  checkReplication,
  checkRoles,
  checkVersion,
  noDatabase,
} from './doctor/database.ts';
import { type Finding, finding, mend, unknown } from './doctor/finding.ts';
import { checkDisk, checkLogDisk, checkOpenFiles, checkTimeService } from './doctor/machine.ts';
import { checkCertificates, checkMasterKeySources, checkPermissions, checkTlsKey } from './doctor/secrets.ts';
import { checkStandby } from './doctor/standby.ts';
import { catchInterruption, Interrupted, unlessInterrupted } from './interruption.ts';
import { masterKeySources, readMasterKeys } from './master-key-sources.ts';
import { toOptions } from './options.ts';
import { forTerminal, print } from './output.ts';

type Config = DataConfig & ServeConfig;

const MARKS = { fine: 'ok', advice: 'advice', mend: 'MEND', unknown: '?' } as const;

/** `rollcall doctor`. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description(
      'check what "rollcall serve" needs with these settings, and say what to do; changes nothing; the exit code is 1 if something must be mended',
    )
    .option('--json', 'print JSON');
  for (const option of toOptions(FILE_SETTINGS)) command.addOption(option);
  return command.action(async ({ json, ...config }: Config & { json?: true }) => {
    catchInterruption();
    const findings = await examine(config, Date.now);
    if (findings.some(({ state }) => state === 'mend')) process.exitCode = 1;
    if (json) return print(JSON.stringify({ healthy: process.exitCode !== 1, findings }));
    for (const { check, state, found, remedy } of findings) {
      print(`${MARKS[state].padEnd(6)}  ${check}: ${forTerminal(found)}`);
      if (remedy !== null) print(`        ${forTerminal(remedy)}`);
    }
  });
}

/** All findings. `clock` is that of this machine, in milliseconds. */
export async function examine(config: Config, clock: () => number): Promise<Finding[]> {
  return [
    await finding('open files', checkOpenFiles),
    await finding('time service', checkTimeService),
    config.databaseUrl === undefined
      ? await finding('disk', () => checkDisk(config.dataDir))
      : unknown(
          'disk',
          'The database of a URL does not tell how much room its disk has.',
          'Watch the disk of its machine.',
        ),
    ...(config.logFile === undefined ? [] : [await finding('log disk', () => checkLogDisk(config))]),
    await finding('data directory', () => checkPermissions(config)),
    await finding('TLS certificate', () => checkCertificates(config, clock())),
    ...(config.tlsKey === undefined ? [] : [await finding('TLS key', () => checkTlsKey(config))]),
    ...(await examineData(config, clock)),
  ];
}

/** The findings of the master key and the database. */
async function examineData(config: Config, clock: () => number): Promise<Finding[]> {
  const ofKey = await finding('master key', () => checkMasterKeySources(config));
  // A command must not make the data that it is to look at.
  if (config.databaseUrl === undefined && !existsSync(join(resolve(config.dataDir), 'postgres')))
    return [ofKey, noDatabase(config)];
  let connection: Connection;
  try {
    connection = await unlessInterrupted(
      connectTarget(config, { purpose: 'command', name: 'rollcall doctor' }),
    );
  } catch (error) {
    return [
      ofKey,
      await finding('database', () => Promise.reject(error)),
      unknown(
        'migrations',
        'The database was not reached, so its clock, roles and replication are unknown, too.',
      ),
    ];
  }
  try {
    const facts = await unlessInterrupted(examineDatabase(connection.target, clock));
    const hosts = await unlessInterrupted(examineHosts(connection.target));
    const keys = ofKey.state === 'fine' ? await readMasterKeys(masterKeySources(config)) : undefined;
    return [
      (keys && checkMasterKey(facts, keys)) ?? ofKey,
      checkVersion(facts),
      checkClock(facts),
      await finding('roles', () => checkRoles(facts, connection)),
      await checkMigrations(facts),
      checkReplication(facts, roleOf(connection.target)),
      ...(hosts.length === 0 ? [] : [checkHosts(hosts)]),
      ...(await standbyFindings(config, connection, facts)),
    ];
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const { message } = error as Error;
    return [
      ofKey,
      mend(
        'database',
        `It does not answer as it should: ${message}.`,
        'Connect as the owner of the database.',
      ),
    ];
  } finally {
    await connection.close();
  }
}

async function standbyFindings(
  config: Config,
  connection: Connection,
  facts: DatabaseFacts,
): Promise<Finding[]> {
  if (config.readDatabaseUrl === undefined) return [];
  return [await finding('standby', () => unlessInterrupted(checkStandby(config, connection, facts)))];
}
