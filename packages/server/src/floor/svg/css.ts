import { FUNCTIONS, PROPERTIES } from './allowed.ts';

/** Notes that something was taken out, by a text such as `@import rules`. */
export type Note = (what: string) => void;

/**
 * The tokens of a value that is kept. No token can hold an escape, so a browser reads the same tokens. A string is a
 * name, such as that of a font, and only `url(#…)` refers to something.
 */
const TOKEN =
  /(?<url>url\(\s*(?<quote>["']?)#(?<id>[^\s"'()<>\\]+)\k<quote>\s*\))|(?<call>[a-z][\w-]*)\(|(?<text>"[\w\s.,&+#%\-\u0080-\uffff]*"|'[\w\s.,&+#%\-\u0080-\uffff]*')|[\w\s.,%#+\-*/!)\u0080-\uffff]/giy;
const SELECTOR = /^[\w\s.,#>+~*:\-\u0080-\uffff]+$/;
const RULE = /\s*([^{}@;"']+)\{((?:[^{}"'\\]|"[^"\\\n\r\f]*"|'[^'\\\n\r\f]*')*)\}/y;
const AT_RULE = /\s*@([\w-]*)/y;
const COMMENT = /\/\*[\s\S]*?(?:\*\/|$)/g;
/** Semicolons that are in no string. */
const DECLARATION = /(?:[^;"']|"[^"\n\r\f]*"|'[^'\n\r\f]*')+/g;

/** The ids that a value refers to; undefined if the value holds anything that is not allowed. */
export function referencesOf(value: string): string[] | undefined {
  if (!value.includes('(') && PLAIN.test(value)) return [];
  const ids: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < value.length) {
    const groups = TOKEN.exec(value)?.groups;
    if (!groups) return undefined;
    if (groups.id !== undefined) ids.push(groups.id);
    if (groups.call !== undefined && !FUNCTIONS.has(groups.call.toLowerCase())) return undefined;
  }
  return ids;
}

/** Most values: a shorter way to the same answer. */
const PLAIN = /^[\w\s.,%#+-]*$/;

/** The allowed declarations of a style, such as `fill:red;stroke:none`. `refer` gets the ids that they refer to. */
export function cleanDeclarations(style: string, note: Note, refer: (id: string) => void): string {
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
    ids.forEach(refer);
    kept.push(`${property}:${value}`);
  }
  return kept.join(';');
}

/** The allowed rules of a style sheet. */
export function cleanSheet(sheet: string, note: Note, refer: (id: string) => void): string {
  const css = sheet.replace(COMMENT, ' ').replaceAll(/<!--|-->/g, ' ');
  const kept: string[] = [];
  for (let at = 0; at < css.length; ) {
    const atRule = match(AT_RULE, css, at);
    const rule = atRule ? undefined : match(RULE, css, at);
    if (rule) {
      const selector = (rule[1] ?? '').trim();
      if (SELECTOR.test(selector)) kept.push(`${selector}{${cleanDeclarations(rule[2] ?? '', note, refer)}}`);
      else note('a rule of a style sheet with a selector that is not allowed');
      at += rule[0].length;
      continue;
    }
    const end = endOfStatement(css, at);
    if (css.slice(at, end).trim() !== '')
      note(
        atRule
          ? `the rule @${shown(atRule[1] ?? '')} of a style sheet`
          : 'a part of a style sheet that is no rule',
      );
    at = end;
  }
  return kept.join('\n');
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Behind the next semicolon, or behind the block that begins before it. */
function endOfStatement(css: string, from: number): number {
  let depth = 0;
  for (let at = from; at < css.length; at++) {
    const character = css[at];
    if (character === '{') depth++;
    if (character === ';' && depth === 0) return at + 1;
    if (character === '}' && --depth <= 0) return at + 1;
  }
  return css.length;
}

/** A name from the file, short. */
export function shown(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}
