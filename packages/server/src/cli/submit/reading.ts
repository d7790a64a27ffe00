import { InvalidArgumentError } from 'commander';
import { IANAZone } from 'luxon';
import type { ClientConfig, LookupConfig } from '../../config.ts';
import { lookupClientOf } from '../client.ts';
import { CliError } from '../errors.ts';
import { remark } from '../output.ts';
import { NameDirectory } from './directory.ts';
import { EventReader } from './event.ts';
import { SUBMIT_KINDS, type SubmitKind, type SubmitKindName } from './kinds.ts';
import type { ColumnMap } from './mapping.ts';
import { type FileFormat, readRows, type SubmitFile } from './rows.ts';
import type { TimeFormat } from './time-format.ts';
import { Times } from './times.ts';

/** The options for reading a file. */
export interface ReadingOptions extends ClientConfig, LookupConfig {
  map?: ColumnMap;
  timeZone?: string;
  timeFormat?: TimeFormat[];
}

/** The rows of a file, read as the options say. `endRemarks` prints a remark on ambiguous times. */
export function readFileRows(
  kind: SubmitKind,
  format: FileFormat,
  input: AsyncIterable<Buffer | string>,
  options: ReadingOptions,
  signal: AbortSignal,
): { file: SubmitFile; endRemarks: () => void } {
  const { map = new Map(), timeZone: zone, timeFormat: formats = [] } = options;
  let twice = 0;
  const times = new Times({
    formats,
    zone,
    hasDays: kind.hasDays,
    onUnstated: (text) =>
      remark(
        `WARNING: the file has times without a time zone, such as ${text}. The command reads them as UTC. If they are local times, stop the command and give --time-zone.`,
      ),
    onTwice: () => {
      twice++;
    },
  });
  const lookups = lookupClientOf(options);
  const reader = new EventReader({
    kind,
    map,
    times,
    takesOfficeZone: zone === 'office',
    lookUp: lookups && (() => NameDirectory.read(lookups, signal)),
  });
  return {
    file: readRows(reader, format, input),
    endRemarks() {
      if (twice > 0)
        remark(
          `${twice} local times occur twice, because the clock was put back: the command took the earlier instant.`,
        );
    },
  };
}

/** Throws `CliError` if an option for times does not apply to the kind. */
export function checkTimes(kind: SubmitKindName, options: ReadingOptions): void {
  const { hasDays } = SUBMIT_KINDS[kind];
  if (hasDays && options.timeZone !== undefined)
    throw new CliError(
      `--time-zone does not apply to ${kind}: its days are local days of the user's office.`,
    );
  const dayOnly = options.timeFormat?.find(({ hasTime }) => !hasTime);
  if (!hasDays && dayOnly)
    throw new CliError(
      `--time-format "${dayOnly.text}" has no time of day, such as HH:mm, and ${kind} needs one.`,
    );
}

/** For an option: `office`, or the IANA name of a time zone. */
export function timeZone(text: string): string {
  if (text !== 'office' && !IANAZone.isValidZone(text))
    throw new InvalidArgumentError('It must be office, or the name of a time zone such as Europe/Berlin.');
  return text;
}
