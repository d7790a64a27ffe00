import { Command, InvalidArgumentError } from 'commander';
import { readNetwork } from '../auth/allowed-networks.ts';
import { type ChangedLimits, ownLimits } from '../auth/limits-of-keys.ts';
import { changeKey, type KeyChanges } from '../auth/manage-keys.ts';
import type { DataConfig } from '../config.ts';
import type { ApiKeyRow, ApiKeySettings } from '../store/auth/api-keys.ts';
import { KEY_LIMITS, type KeyLimits } from '../store/auth/key-limits.ts';
import { withContext } from './context.ts';
import { CliError } from './errors.ts';
import { print } from './output.ts';
import { parseFuture } from './time.ts';

/** The options of a new key that can be changed later. */
export interface SettingOptions {
  expires?: Date;
  networks?: string[];
  locations?: string[];
  limit?: ChangedLimits;
}

/** Adds the options of a new key that can be changed later. */
export function withSettings(command: Command): Command {
  return command
    .option('--expires <when>', 'a date, an instant or a duration such as 90d', parseFuture)
    .option(
      '--networks <list>',
      'the networks that it may be used from, such as 203.0.113.0/24,2001:db8::/32 (default: any)',
      parseNetworks,
    )
    .option('--locations <list>', 'the ids of its offices, separated by commas (default: all)', parseList)
    .option(
      '--limit <limit>',
      `a rate limit of its own, such as events=60000; one of ${KEY_LIMITS.join(', ')}, a number a minute, and of exports at once; repeatable`,
      readLimit,
    );
}

/** The settings that the options name. */
export function settingsOf({ expires, networks, locations, limit }: SettingOptions): Partial<ApiKeySettings> {
  return {
    ...(expires !== undefined && { expiresAt: expires }),
    ...(networks && { networks }),
    ...(locations && { locationIds: locations }),
    ...(limit && { limits: ownLimits(limit) }),
  };
}

/** commander takes null for an option without a value, so the value of a change is wrapped. */
interface Change<T> {
  to: T | null;
}

interface ChangeOptions extends DataConfig {
  expires?: Change<Date>;
  networks?: Change<string[]>;
  locations?: Change<string[]>;
  limit?: ChangedLimits;
  json?: true;
}

/** `rollcall keys change`. */
export function changeCommand(): Command {
  return new Command('change')
    .description('change what a key is bound to, and its rate limits; every server follows within a second')
    .argument('<id>', 'the id of the key')
    .option(
      '--expires <when>',
      'a date, an instant or a duration such as 90d, or never',
      unless('never', parseFuture),
    )
    .option(
      '--networks <list>',
      'the networks that it may be used from, or any',
      unless('any', parseNetworks),
    )
    .option('--locations <list>', 'the ids of its offices, or all', unless('all', parseList))
    .option(
      '--limit <limit>',
      `a rate limit of its own, such as events=60000, or events=default; one of ${KEY_LIMITS.join(', ')}; repeatable`,
      readLimit,
    )
    .action(async (apiKey: string, options: ChangeOptions) => {
      const { expires, networks, locations, limit, json } = options;
      const changes: KeyChanges = {
        ...(expires && { expiresAt: expires.to }),
        ...(networks && { networks: networks.to }),
        ...(locations && { locationIds: locations.to }),
        ...(limit && { limits: limit }),
      };
      if (Object.keys(changes).length === 0)
        throw new CliError('Name what to change: --expires, --networks, --locations or --limit.');
      const key = await withContext(options, 'rollcall keys', ({ owner }) =>
        changeKey(apiKey, changes, { owner, clock: Date.now }),
      );
      print(json ? JSON.stringify(shownSettings(key)) : `The key ${key.apiKey} is changed.`);
    });
}

function shownSettings({ apiKey, expiresAt, networks, locationIds, limits }: ApiKeyRow) {
  return { apiKey, expiresAt, networks, locationIds, limits };
}

/** What a list shows of the networks or offices of a key. */
export function formatBinding(values: readonly string[] | null): string {
  const [first, ...more] = values ?? [];
  if (first === undefined) return '-';
  return more.length > 0 ? `${first} +${more.length}` : first;
}

/** What a list shows of the limits of a key. */
export function formatLimits(limits: KeyLimits): string {
  const own = Object.entries(limits).map(([limit, amount]) => `${limit}=${amount}`);
  return own.length > 0 ? own.join(' ') : '-';
}

/** Adds a limit such as `events=60000` to those that were read before it. */
function readLimit(text: string, before: ChangedLimits | undefined): ChangedLimits {
  const [, name, amount] = /^(\w+)=(\d{1,9}|default)$/.exec(text) ?? [];
  const limit = KEY_LIMITS.find((each) => each === name);
  if (!limit || Number(amount) === 0) {
    throw new InvalidArgumentError(
      `It must be one of ${KEY_LIMITS.map((each) => `${each}=`).join(', ')} with a number from 1 to 999999999, or with "default".`,
    );
  }
  return { ...before, [limit]: amount === 'default' ? null : Number(amount) };
}

/** A parser that takes one word for no binding. */
function unless<T>(word: string, parse: (text: string) => T): (text: string) => Change<T> {
  return (text) => ({ to: text === word ? null : parse(text) });
}

function parseList(text: string): string[] {
  return text.split(',').map((each) => each.trim());
}

function parseNetworks(text: string): string[] {
  return parseList(text).map((each) => {
    const read = readNetwork(each);
    if ('fault' in read) throw new InvalidArgumentError(`${each} ${read.fault}.`);
    return read.network;
  });
}
