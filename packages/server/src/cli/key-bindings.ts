import { Command, InvalidArgumentError } from 'commander';
import { readNetwork } from '../auth/allowed-networks.ts';
import { bindKey } from '../auth/manage-keys.ts';
import type { DataConfig } from '../config.ts';
import type { ApiKeyBindings, ApiKeyRow } from '../store/auth/api-keys.ts';
import { withContext } from './context.ts';
import { CliError } from './errors.ts';
import { print } from './output.ts';
import { parseFuture } from './time.ts';

/** What the options of a new key are bound to. */
export interface BindingOptions {
  expires?: Date;
  networks?: string[];
  locations?: string[];
}

/** Adds the options that bind a new key. */
export function withBindings(command: Command): Command {
  return command
    .option('--expires <when>', 'a date, an instant or a duration such as 90d', parseFuture)
    .option(
      '--networks <list>',
      'the networks that it may be used from, such as 203.0.113.0/24,2001:db8::/32 (default: any)',
      parseNetworks,
    )
    .option('--locations <list>', 'the ids of its offices, separated by commas (default: all)', parseList);
}

/** The bindings that the options name. */
export function bindingsOf({ expires, networks, locations }: BindingOptions): Partial<ApiKeyBindings> {
  return {
    ...(expires !== undefined && { expiresAt: expires }),
    ...(networks && { networks }),
    ...(locations && { locationIds: locations }),
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
  json?: true;
}

/** `rollcall keys change`. */
export function changeCommand(): Command {
  return new Command('change')
    .description('change what a key is bound to, at once; the rest stays')
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
    .action(async (apiKey: string, options: ChangeOptions) => {
      const { expires, networks, locations, json } = options;
      const changes: Partial<ApiKeyBindings> = {
        ...(expires && { expiresAt: expires.to }),
        ...(networks && { networks: networks.to }),
        ...(locations && { locationIds: locations.to }),
      };
      if (Object.keys(changes).length === 0)
        throw new CliError('Name what to change: --expires, --networks or --locations.');
      const key = await withContext(options, 'rollcall keys', ({ owner }) =>
        bindKey(apiKey, changes, { owner, clock: Date.now }),
      );
      print(json ? JSON.stringify(shownBindings(key)) : `The key ${key.apiKey} is changed.`);
    });
}

function shownBindings({ apiKey, expiresAt, networks, locationIds }: ApiKeyRow) {
  return { apiKey, expiresAt, networks, locationIds };
}

/** What a list shows of the networks or offices of a key. */
export function formatBinding(values: readonly string[] | null): string {
  const [first, ...more] = values ?? [];
  if (first === undefined) return '-';
  return more.length > 0 ? `${first} +${more.length}` : first;
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
