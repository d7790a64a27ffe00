import { parseGuid } from '../store/values/guid.ts';

/** A text as a GUID in lower case, without white space and braces around it; undefined if it is not a GUID. */
export function parseId(text: string): string | undefined {
  const trimmed = text.trim();
  return parseGuid(/^\{(.*)\}$/s.exec(trimmed)?.[1]?.trim() ?? trimmed);
}

/** `text`, without its braces if they enclose a GUID. */
export function withoutBraces(text: string): string {
  return text.trim().startsWith('{') ? (parseId(text) ?? text) : text;
}
