/**
 * The one folding behind `user_name_folded` and `email_folded`: two texts that differ only by case, or by how
 * their accents are composed, fold to the same. Independent of locale, and `fold(fold(x)) === fold(x)`.
 */
export function fold(text: string): string {
  // Composed again at the end: lower case can open a composition that upper case has not (U+03AA with U+0300).
  return text.normalize('NFC').toLowerCase().normalize('NFC');
}
