import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DataConfig, ServerConfig } from '../../config.ts';
import { directoryPermissionFault, filePermissionFault } from '../../embedded/file-permissions.ts';
import { ownersOf } from '../../embedded/index.ts';
import { unreadable } from '../errors.ts';
import { masterKeyPath, masterKeySources, readMasterKeys } from '../master-key-sources.ts';
import { readTls } from '../tls.ts';
import { advice, type Finding, fine, mend, unknown } from './finding.ts';

const DAY_MS = 86_400_000;
/** A program that renews certificates has failed if less is left. */
const LEAST_CERTIFICATE_DAYS = 14;

/** The data directory and the files with secrets in it. */
export async function checkPermissions({ dataDir, databaseUrl }: DataConfig): Promise<Finding> {
  const check = 'data directory';
  if (databaseUrl !== undefined) return fine(check, 'With a database URL, there is none.');
  const dir = resolve(dataDir);
  if (!existsSync(dir)) {
    return unknown(check, `There is no ${dir} yet.`, 'The first start of "rollcall serve" makes it.');
  }
  const owners = await ownersOf(dir);
  const fault =
    (await directoryPermissionFault('The data directory', dir, owners)) ??
    (await filePermissionFault('The password file', join(dir, 'postgres.secret'), owners)) ??
    (await filePermissionFault('The master key file', masterKeyPath(dir), owners));
  if (fault === undefined) return fine(check, `Only its owner reads and changes ${dir}.`);
  return mend(check, `${fault.found}.`, sentence(fault.remedy));
}

/** Whether the sources of the master key give one. The check against the database is another one. */
export async function checkMasterKeySources(config: DataConfig): Promise<Finding> {
  const check = 'master key';
  const sources = masterKeySources(config);
  const keys = await readMasterKeys(sources);
  if (keys !== undefined)
    return fine(check, `It comes from ${sources.map(({ name }) => name).join(' and ')}.`);
  if (config.databaseUrl === undefined && !existsSync(join(resolve(config.dataDir), 'postgres')))
    return unknown(check, 'There is none yet.', 'The first start of "rollcall serve" makes it.');
  return mend(
    check,
    'No source gives a master key.',
    'Put the key back from your copy, or give it by --master-key-file.',
  );
}

/** The certificates of --tls-cert, and whether the key belongs to them. `nowMs` decides what has ended. */
export async function checkCertificates(config: ServerConfig, nowMs: number): Promise<Finding> {
  const check = 'TLS certificate';
  if ((await readTls(config)) === undefined)
    return fine(check, 'The settings name none: the server speaks plain HTTP.');
  const file = config.tlsCert ?? '';
  const text = await readFile(file, 'utf8').catch(unreadable(file));
  const blocks =
    text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g) ??
    [];
  let firstEndMs = Number.POSITIVE_INFINITY;
  for (const block of blocks) {
    const certificate = new X509Certificate(block);
    const beginMs = Date.parse(certificate.validFrom);
    const endMs = Date.parse(certificate.validTo);
    const name = certificate.subject.replaceAll('\n', ', ');
    if (nowMs < beginMs) {
      return mend(
        check,
        `The certificate of ${name} in ${file} is valid from ${day(beginMs)} on only.`,
        'Check the clock of this machine, or give another certificate.',
      );
    }
    if (nowMs >= endMs) {
      return mend(
        check,
        `The certificate of ${name} in ${file} has ended on ${day(endMs)}.`,
        'Renew it, and restart the server.',
      );
    }
    firstEndMs = Math.min(firstEndMs, endMs);
  }
  const left = Math.floor((firstEndMs - nowMs) / DAY_MS);
  if (left >= LEAST_CERTIFICATE_DAYS)
    return fine(
      check,
      `The certificates of ${file} are valid for ${left} more days, until ${day(firstEndMs)}.`,
    );
  return mend(
    check,
    `A certificate of ${file} ends in ${left} days, on ${day(firstEndMs)}.`,
    'Renew it, restart the server, and see why it was not renewed before.',
  );
}

/** Who may read the file of --tls-key. The server uses it in any case. */
export async function checkTlsKey({ tlsKey = '' }: Pick<ServerConfig, 'tlsKey'>): Promise<Finding> {
  const check = 'TLS key';
  const fault = await filePermissionFault('The TLS key', tlsKey);
  if (fault === undefined) return fine(check, `Only its owner reads ${tlsKey}.`);
  return advice(check, `${fault.found}.`, sentence(fault.remedy));
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
