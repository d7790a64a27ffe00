import { createHash } from 'node:crypto';
import { BOOLEAN_CHOICES, parseBoolean } from '../../files/booleans.ts';
import { FileError } from '../../files/errors.ts';
import { quote } from '../../http/text.ts';
import type { NameDirectory } from './directory.ts';
import type { Column, Event, SubmitKind } from './kinds.ts';
import { type ColumnMap, chooseColumns, type FileFormat, type Source } from './mapping.ts';
import type { Times } from './times.ts';

/** The event of a row, or the reason why there is none. */
export type EventOrFault = Event | { fault: string };

/** Members of a row by the names of its columns: text of a cell, or a value of JSON. */
export type Members = Readonly<Record<string, unknown>>;

/** How rows become events. */
export interface EventReaderOptions {
  kind: SubmitKind;
  map: ColumnMap;
  times: Times;
  /** Whether times without a zone are those of the event's office. */
  takesOfficeZone: boolean;
  /** Reads the directory of the server; undefined if there is no key for it. */
  lookUp: (() => Promise<NameDirectory>) | undefined;
}

/** An event without an id gets an id from its content, so that a repeat has the same id. */
const DERIVED_ID_LENGTH = 22;
const LONGEST_TEXT = 1_024;

/** Makes events of rows. Call `useColumns` first, once. */
export class EventReader {
  readonly #reading: EventReaderOptions;
  #sources: Source[] = [];
  #directory: NameDirectory | undefined;

  constructor(reading: EventReaderOptions) {
    this.#reading = reading;
  }

  /**
   * Chooses the columns of the file. Throws `FileError` if a required column is missing or doubled, or needs a
   * directory without a key for it. Also throws errors of reading the directory.
   */
  async useColumns(columns: readonly string[], format: FileFormat): Promise<void> {
    const { kind, map, lookUp, takesOfficeZone } = this.#reading;
    this.#sources = chooseColumns(kind, { columns, format }, map, lookUp !== undefined);
    const lookedUp = this.#sources.filter(({ alias }) => alias?.isLookedUp);
    if (!lookUp && (lookedUp.length > 0 || takesOfficeZone)) {
      const names = lookedUp.map(({ column, alias }) => `${column} (${alias?.name})`);
      const what = lookedUp.length > 0 ? `The column ${names.join(' and ')}` : '--time-zone office';
      throw new FileError(
        `${what} needs the directory of the server: give the id of a key of the role Data Warehouse with --lookup-key. Nothing was sent.`,
      );
    }
    this.#directory = await lookUp?.();
    const numbers = this.#sources.find(({ alias }) => alias?.name === 'employeeNumber');
    if (numbers && !this.#directory?.hasEmployeeNumbers)
      throw new FileError(
        `The column ${numbers.column} (employeeNumber) cannot be used: the server does not return employee numbers. Nothing was sent.`,
      );
  }

  /** Makes the event of a row. */
  read(members: Members): EventOrFault {
    const given: Record<string, unknown> = {};
    for (const { column, member, alias } of this.#sources) {
      const value = members[column];
      if (isAbsent(value)) continue;
      const fault = alias ? this.#takeAlias(given, alias.name, member, value) : undefined;
      if (fault !== undefined) return { fault };
      if (!alias) given[member] = value;
    }
    return this.#complete(given);
  }

  /** Puts the members of an alias into `given`; returns the fault, if there is one. */
  #takeAlias(
    given: Record<string, unknown>,
    alias: string,
    member: string,
    value: unknown,
  ): string | undefined {
    const directory = this.#directory;
    const text = textOf(value);
    if (text === undefined) return `${alias} is not a string`;
    if (alias !== 'locationName' && alias !== 'employeeNumber') {
      // If a row has both, the member itself wins.
      given[member] ??= text;
      return undefined;
    }
    const found = alias === 'locationName' ? directory?.node(text) : directory?.byEmployeeNumber(text);
    if (!found || 'fault' in found) return found?.fault;
    if ('userId' in found) given[member] ??= found.userId;
    else if (isAbsent(given.locationId)) Object.assign(given, found);
    return undefined;
  }

  #complete(given: Record<string, unknown>): EventOrFault {
    const { kind } = this.#reading;
    if (this.#directory && given.locationId !== undefined && given.locationType === undefined)
      given.locationType = this.#directory.typeOf(String(given.locationId));
    const event: Event = {};
    for (const column of kind.columns) {
      const { name, required } = column;
      const value = given[name];
      if (value === undefined) {
        if (required) return { fault: `${name} is missing` };
        continue;
      }
      const read = kind.times.includes(name) ? this.#timeOf(name, value, given) : typedValue(value, column);
      if (typeof read === 'object') return read;
      if (typeof read === 'string' && read.length > LONGEST_TEXT)
        return { fault: `${name} is longer than 1,024 characters` };
      event[name] = read;
    }
    const fault = this.#resolveUser(event);
    if (fault !== undefined) return { fault };
    event.eventId ??= derivedId(event);
    return event;
  }

  #timeOf(name: string, value: unknown, given: Record<string, unknown>): string | { fault: string } {
    if (typeof value !== 'string' && typeof value !== 'number') return { fault: `${name} is not a time` };
    const { times, takesOfficeZone } = this.#reading;
    const isLocal = takesOfficeZone && times.isLocal(value);
    const zone = isLocal ? this.#directory?.zoneOf(String(given.locationId)) : undefined;
    if (isLocal && zone === undefined)
      return {
        fault: `${name}: no active node has the id ${String(given.locationId)}, so the time zone is unknown`,
      };
    const read = times.read(name, value, zone);
    return 'fault' in read ? read : read.text;
  }

  /** Replaces a name that differs by case only with the user's id. Returns the fault, if there is one. */
  #resolveUser(event: Event): string | undefined {
    const { user } = this.#reading.kind;
    if (!user || !this.#directory || event[user.id] !== undefined) return undefined;
    for (const member of user.names) {
      const name = event[member];
      const found = typeof name === 'string' ? this.#directory.byName(member, name) : undefined;
      if (!found) continue;
      if ('fault' in found) return found.fault;
      delete event[member];
      event[user.id] = found.userId;
    }
    return undefined;
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** Accepts a number as an id, because pandas writes ids as numbers. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Number.isFinite(value) ? String(value) : undefined;
}

/** The value in the column's type. */
function typedValue(value: unknown, { name, type }: Column): Event[string] | { fault: string } {
  const text = textOf(value)?.trim() ?? '';
  switch (type) {
    case 'string':
      return textOf(value) ?? { fault: `${name} is not a string` };
    case 'number':
      return /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text)
        ? Number(text)
        : { fault: `${name} is not a number` };
    case 'boolean':
      if (typeof value === 'boolean') return value;
      return parseBoolean(text) ?? { fault: `${name} ${quote(text)} is none of ${BOOLEAN_CHOICES}` };
  }
}

/** Takes members in the order of the contract, so that the id does not depend on the order of the file's columns. */
function derivedId(event: Event): string {
  const digest = createHash('sha256').update(JSON.stringify(event)).digest('base64url');
  return `row-${digest.slice(0, DERIVED_ID_LENGTH)}`;
}
