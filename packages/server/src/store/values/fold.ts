/**
 * Folds a text for `user_name_folded` and `email_folded`. Two texts that differ only in case, or in how their
 * accents are composed, have the same result. It does not depend on the locale, and `fold(fold(x)) ===
 * fold(x)`.
 */
export function fold(text: string): string {
  // Lower case can compose where upper case cannot (U+03AA with U+0300). So the result is normalised again.
  return text.normalize('NFC').toLowerCase().normalize('NFC');
}

/**
 * SQL of a text without regard to case, by the database's own rules. Both sides of a comparison use it. An index would
 * not help, because row-level security prevents its use.
 */
export function caseless(sql: string): string {
  return `lower(normalize(${sql}))`;
}

/** SQL by which names are sorted as people count, without regard to case: 2 before 10. Each number gets ten digits. */
export function countingOrder(sql: string): string {
  const longer = `regexp_replace(${caseless(sql)}, '([0-9]+)', '0000000000\\1', 'g')`;
  return `regexp_replace(${longer}, '[0-9]*([0-9]{10})', '\\1', 'g') COLLATE "C"`;
}
