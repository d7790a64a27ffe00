import { hash } from 'node:crypto';

/**
 * A UUID that stands for these texts in keys, which could not hold the texts themselves. JSON keeps them apart:
 * none can pose as another's end.
 */
export function digest(texts: readonly (string | number | boolean | null)[]): string {
  const hex = hash('sha256', JSON.stringify(texts), 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Stands for a text by which a card may be looked up: its number, or one of its scan data. */
export function cardTextDigest(text: string): string {
  return digest([foldCardText(text)]);
}

const HEXADECIMAL = /^[0-9a-f]+$/i;
/** Without a letter, groups that are no bytes may be two decimal numbers, such as the code of a facility and a card's number. */
const GROUPED_DIGITS = /^\d{2}( \d{2})*$|^\d{4}( \d{4})*$/;

/**
 * The text of a card as it is looked up: of hexadecimal digits the case, and blanks and colons between and around them, make no
 * difference (`51:E6:96:21` is `51e69621`); leading zeros do. Any other text is itself. Migration 0025 folds in the same way.
 */
export function foldCardText(text: string): string {
  const groups = trimBlanks(text).split(/[: \t]+/);
  const digits = groups.join('');
  if (!groups.every((group) => HEXADECIMAL.test(group))) return text;
  const isNumber = groups.length === 1 || /[a-f]/i.test(digits) || GROUPED_DIGITS.test(groups.join(' '));
  return isNumber ? digits.toLowerCase() : text;
}

/** By hand: a pattern for the end takes quadratic time on a text that is nothing but blanks. */
function trimBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === ' ' || text[at] === '\t';
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}
