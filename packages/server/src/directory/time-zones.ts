import type { Tx } from '../store/db.ts';
import { listTimeZoneNames } from '../store/nodes.ts';
import { optionalText, quote, Refusal } from './values.ts';

/** The IANA time zones that both PostgreSQL and this process have rules for. */
export class TimeZones {
  readonly #known: ReadonlySet<string>;

  private constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  /** Looks up which of `names` are known. */
  static async load(tx: Tx, names: (string | undefined)[]): Promise<TimeZones> {
    const given = new Set(names.flatMap((name) => name?.trim() || []));
    return new TimeZones(new Set(await listTimeZoneNames(tx, [...given].filter(isIntlTimeZone))));
  }

  /** The name of a known time zone; undefined when absent or empty. Throws `Refusal`. */
  read(member: string, value: string | undefined): string | undefined {
    const name = optionalText(member, value);
    if (name === undefined || this.#known.has(name)) return name;
    throw new Refusal(`${member} ${quote(name)} is not the IANA name of a time zone, such as Europe/London`);
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
