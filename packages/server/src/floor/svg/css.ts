import { FUNCTIONS, PROPERTIES } from './allowed.ts';

/** Notes that something was taken out, by a text such as `@import rules`. */
export type Note = (what: string) => void;

/** The most characters of the declarations of a style. Those of drawing programs have some hundred. */
export const MOST_STYLE_CHARACTERS = 16 * 1024;

// A pattern that fails must not try again for each character: the steps of each one here grow with the input, and not with its
// square.

/**
 * The tokens of a value that is kept. No token can hold an escape, so a browser reads the same tokens. A string is a
 * name, such as that of a font, and only `url(#…)` refers to something.
 */
const TOKEN =
  /(?<url>url\(\s*(?<quote>["']?)#(?<id>[^\s"'()<>\\]+)\k<quote>\s*\))|(?<word>[a-z][\w-]*)(?<call>\(?)|"[\w\s.,&+#%\-\u0080-\uffff]*"|'[\w\s.,&+#%\-\u0080-\uffff]*'|[\d_\s.,%#+\-*/!)\u0080-\uffff]+/giy;
const SELECTOR = /^[\w\s.,#>+~*:\-\u0080-\uffff]+$/;
const PRELUDE = /[^{}@;"']*/y;
const BLOCK = /(?:[^{}"'\\]+|"[^"\\\n\r\f]*"|'[^'\\\n\r\f]*')*/y;
const AT_RULE = /\s*@([\w-]*)/y;
const COMMENT = /\/\*[\s\S]*?(?:\*\/|$)/g;
/** Semicolons that are in no string. */
const DECLARATION = /(?:[^;"']|"[^"\n\r\f]*"|'[^'\n\r\f]*')+/g;

/** What a style refers to: an id, by a property. */
export type Refer = (id: string, property: string) => void;

/** The ids that a value refers to; undefined if the value holds anything that is not allowed. */
export function referencesOf(value: string): string[] | undefined {
  if (!value.includes('(') && PLAIN.test(value)) return [];
  const ids: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < value.length) {
    const groups = TOKEN.exec(value)?.groups;
    if (!groups) return undefined;
    if (groups.id !== undefined) ids.push(groups.id);
    if (groups.call === '(' && !FUNCTIONS.has((groups.word ?? '').toLowerCase())) return undefined;
  }
  return ids;
}

/** Most values: a shorter way to the same answer. */
const PLAIN = /^[\w\s.,%#+-]*$/;

/** The allowed declarations of a style, such as `fill:red;stroke:none`. `refer` gets the ids that they refer to. */
export function cleanDeclarations(style: string, note: Note, refer: Refer): string {
  const kept: string[] = [];
  for (const [declaration] of style.replace(COMMENT, ' ').matchAll(DECLARATION)) {
    const colon = declaration.indexOf(':');
    const property = declaration.slice(0, Math.max(colon, 0)).trim();
    const value = declaration.slice(colon + 1).trim();
    if (declaration.trim() === '') continue;
    if (!PROPERTIES.has(property.toLowerCase())) {
      note(`the style ${shown(property === '' ? declaration.trim() : property)}`);
      continue;
    }
    const ids = referencesOf(value);
    if (ids === undefined || value === '') {
      note(`a value of the style ${property}, which is not allowed`);
      continue;
    }
    for (const id of ids) refer(id, property);
    kept.push(`${property}:${value}`);
  }
  return kept.join(';');
}

/** A rule of a style sheet that refers to something. */
export interface ReferringRule {
  selector: string;
  ids: string[];
}

/** The allowed rules of a style sheet. `refer` gets those that refer to something. */
export function cleanSheet(sheet: string, note: Note, refer: (rule: ReferringRule) => void): string {
  const css = sheet.replace(COMMENT, ' ').replaceAll(/<!--|-->/g, ' ');
  const kept: string[] = [];
  for (let at = 0; at < css.length; ) {
    const [atRule, name = ''] = matchAt(AT_RULE, css, at) ?? [];
    const { selector, block, isRule, end } = readRule(css, at);
    if (atRule === undefined && isRule) kept.push(...cleanRule(selector.trim(), block, note, refer));
    else if (atRule !== undefined) note(`the rule @${shown(name)} of a style sheet`);
    else if (css.slice(at, end).trim() !== '') note('a part of a style sheet that is no rule');
    at = end;
  }
  return kept.join('\n');
}

/** A rule without what is not allowed: one, or none. */
function cleanRule(
  selector: string,
  block: string,
  note: Note,
  refer: (rule: ReferringRule) => void,
): string[] {
  if (!SELECTOR.test(selector)) {
    note('a rule of a style sheet with a selector that is not allowed');
    return [];
  }
  if (block.length > MOST_STYLE_CHARACTERS) {
    note('a rule of a style sheet, which is too long');
    return [];
  }
  const ids: string[] = [];
  const declarations = cleanDeclarations(block, note, (id) => ids.push(id));
  if (ids.length > 0) refer({ selector, ids });
  return [`${selector}{${declarations}}`];
}

/**
 * The rule that begins at a position. `isRule` is false if there is something else, which ends at `end`. No character is read
 * again for the next rule.
 */
function readRule(
  css: string,
  at: number,
): { selector: string; block: string; isRule: boolean; end: number } {
  const selector = matchAt(PRELUDE, css, at)?.[0] ?? '';
  const open = at + selector.length;
  if (css[open] !== '{') return { selector, block: '', isRule: false, end: endOfStatement(css, open, 0) };
  const block = matchAt(BLOCK, css, open + 1)?.[0] ?? '';
  const close = open + 1 + block.length;
  const isRule = selector !== '' && css[close] === '}';
  return { selector, block, isRule, end: isRule ? close + 1 : endOfStatement(css, close, 1) };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Behind the next semicolon, or behind the block that begins before it. `depth` blocks are open. */
function endOfStatement(css: string, from: number, depth: number): number {
  let open = depth;
  for (let at = from; at < css.length; at++) {
    const character = css[at];
    if (character === '{') open++;
    if (character === ';' && open === 0) return at + 1;
    if (character === '}' && --open <= 0) return at + 1;
  }
  return css.length;
}

/** A name from the file, short. */
export function shown(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}
