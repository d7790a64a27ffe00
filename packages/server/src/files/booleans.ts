/** The texts that stand for a boolean in a file, in any case. */
export const BOOLEAN_CHOICES = 'yes, no, true, false, 1 or 0';

const WORDS = new Map([
  ['yes', true],
  ['true', true],
  ['1', true],
  ['no', false],
  ['false', false],
  ['0', false],
]);

/** The boolean in a cell; undefined if the cell has none. */
export function parseBoolean(cell: string): boolean | undefined {
  return WORDS.get(cell.trim().toLowerCase());
}
