import type { Tx } from '../store/connections/db.ts';
import { findTimeZones } from '../store/schema/time-zones.ts';
import { ItemRefusedError, optionalText, quote } from './values.ts';

/** The IANA time zones that both PostgreSQL and this process have rules for. */
export class TimeZones {
  readonly #known: ReadonlyMap<string, string>;

  private constructor(known: ReadonlyMap<string, string>) {
    this.#known = known;
  }

  /** Looks up which of `names` are known. */
  static async load(tx: Tx, names: (string | undefined)[]): Promise<TimeZones> {
    const given = new Set(names.flatMap((name) => name?.trim() || []));
    return new TimeZones(await findTimeZones(tx, [...given].filter(isIntlTimeZone)));
  }

  /** PostgreSQL's name of a time zone; undefined if absent or empty. Throws `ItemRefusedError` if it is not known. */
  read(member: string, value: string | undefined): string | undefined {
    const name = optionalText(member, value);
    if (name === undefined) return undefined;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    throw new ItemRefusedError(
      `${member} ${quote(name)} is not the IANA name of a time zone, such as Europe/London`,
    );
  }
}

function isIntlTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
