import { InvalidArgumentError } from 'commander';
import { DateTime } from 'luxon';

/** A format of times that the user gives. */
export interface TimeFormat {
  /** As the user gave it. */
  text: string;
  /** Whether the format has a time of day; otherwise it is a day. */
  hasTime: boolean;
  /** Whether the format has an offset from UTC. */
  hasZone: boolean;
  /**
   * Reads a text of this format into milliseconds since 1970, as if it were in UTC if the format has no zone. Undefined
   * for other texts, and for days that do not exist.
   */
  read(text: string): number | undefined;
}

/** The parts of a format, and their tokens of Luxon (https://moment.github.io/luxon/#/parsing). */
const TOKENS: Record<string, string> = {
  YYYY: 'yyyy',
  YY: 'yy',
  MMMM: 'MMMM',
  MMM: 'MMM',
  MM: 'MM',
  M: 'M',
  DD: 'dd',
  D: 'd',
  HH: 'HH',
  H: 'H',
  hh: 'hh',
  h: 'h',
  mm: 'mm',
  m: 'm',
  ss: 'ss',
  s: 's',
  SSS: 'SSS',
  A: 'a',
  Z: 'ZZ',
};
/** The spelling of Unicode, which has small letters for years and days, is accepted, too. */
const SPELLINGS: Record<string, string> = { yyyy: 'YYYY', yy: 'YY', dd: 'DD', d: 'D', a: 'A', ZZ: 'Z' };
const LITERAL = /^(?:\[[^\]]*\]|[^A-Za-z%]+|T)$/;

/** For an option: reads a format such as `DD/MM/YYYY HH:mm`. Throws `InvalidArgumentError` with the unknown part. */
export function timeFormat(text: string): TimeFormat {
  const used = new Set<string>();
  const pieces = text.match(/\[[^\]]*\]|([A-Za-z])\1*|[^A-Za-z[]+|\[/g) ?? [];
  const pattern = pieces.map((piece) => {
    const token = SPELLINGS[piece] ?? piece;
    if (TOKENS[token] !== undefined) {
      used.add(token);
      return TOKENS[token];
    }
    if (!LITERAL.test(piece))
      throw new InvalidArgumentError(
        `"${piece}" is not a part of a format. The parts are ${Object.keys(TOKENS).join(' ')}; put other letters in [brackets].`,
      );
    return quoted(piece.replace(/^\[(.*)\]$/, '$1'));
  });
  const has = (...tokens: string[]) => tokens.some((token) => used.has(token));
  if (!has('YYYY', 'YY') || !has('M', 'MM', 'MMM', 'MMMM') || !has('D', 'DD'))
    throw new InvalidArgumentError('It needs a year, a month and a day, such as DD/MM/YYYY HH:mm.');
  if (has('h', 'hh') !== has('A'))
    throw new InvalidArgumentError('h and A (AM, PM) belong together; the hour from 0 to 23 is H.');
  const hasZone = has('Z');
  const parser = DateTime.buildFormatParser(pattern.join(''), { locale: 'en-US' });
  return {
    text,
    hasTime: has('H', 'HH', 'h', 'hh'),
    hasZone,
    read(given) {
      const time = DateTime.fromFormatParser(given, parser, { zone: 'utc', locale: 'en-US' });
      return time.isValid ? time.toMillis() : undefined;
    },
  };
}

function quoted(literal: string): string {
  return /[A-Za-z]/.test(literal) ? `'${literal}'` : literal;
}
