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
  return digest([text]);
}
