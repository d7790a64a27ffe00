import { parseGuid } from '../store/values/guid.ts';

/** The GUID that a text is, in lower case; blanks and braces round it do not count. undefined: it is none. */
export function parseId(text: string): string | undefined {
  const trimmed = text.trim();
  return parseGuid(/^\{(.*)\}$/s.exec(trimmed)?.[1]?.trim() ?? trimmed);
}

/** `text` without braces where a GUID stands in them. */
export function withoutBraces(text: string): string {
  return text.trim().startsWith('{') ? (parseId(text) ?? text) : text;
}
