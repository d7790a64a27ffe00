/** A letter, a mark on one, or a digit. */
const OF_WORD = /[\p{L}\p{M}\p{N}]/u;
/** Scripts that put no space between words, so that each character may begin or end one. */
const WITHOUT_SPACES =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}]/u;

/**
 * Whether `text` has `words` as whole words: no letter and no digit continues them on either side. Characters of scripts without
 * spaces, such as Chinese or Thai, continue nothing. Both texts are folded. `words` is not empty.
 */
export function hasWords(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1))
    if (isLimit(text, at) && isLimit(text, at + words.length)) return true;
  return false;
}

/** Whether a word may begin or end at this position. */
function isLimit(text: string, at: number): boolean {
  const [before, after] = [characterBefore(text, at), characterAt(text, at)];
  if (!OF_WORD.test(before) || !OF_WORD.test(after)) return true;
  return WITHOUT_SPACES.test(before) || WITHOUT_SPACES.test(after);
}

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function characterBefore(text: string, at: number): string {
  if (at === 0) return '';
  const last = characterAt(text, at - 1);
  // The second half of a pair of surrogates is no character.
  return /[\uDC00-\uDFFF]/.test(last) && at > 1 ? characterAt(text, at - 2) : last;
}
