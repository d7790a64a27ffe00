import type { Wire } from './client.ts';
import { type Draft, textOf } from './draft.ts';
import { type Referred, resolve } from './references.ts';

/** The request of a draft as it goes over the wire. `more` are the headers of its credentials. */
export function wireOf(draft: Draft, more: [string, string][], referred: Referred): Wire {
  const put = (text: string) => resolve(text, referred);
  const path = draft.path.map(({ text, raw }) => (raw ? text : encoded(put(text)))).join('/');
  const query = draft.query.map(([name, value]) => `${encoded(put(name))}=${encoded(put(value))}`);
  if (draft.rawQuery !== undefined) query.push(draft.rawQuery);
  const { body } = draft;
  const text = body && textOf(body);
  const bytes = text === undefined ? Buffer.from(body?.base64 ?? '', 'base64') : Buffer.from(put(text ?? ''));
  const mediaType = body?.mediaType;
  const headers = draft.headers.map(([name, value]): [string, string] => [name, headerText(put(value))]);
  const own = new Set(headers.map(([name]) => name));
  return {
    method: draft.method,
    target: latin1(`/${path}${query.length > 0 ? `?${query.join('&')}` : ''}`),
    headers: [
      ...more.filter(([name]) => !own.has(name)).map(([name, value]): [string, string] => [name, value]),
      ...headers,
      ...(typeof mediaType === 'string' ? [['content-type', mediaType] as [string, string]] : []),
    ],
    body: body ? bytes : null,
  };
}

/** The percent-encoding of a text; of half a surrogate pair, that of its three bytes, which is not UTF-8. */
function encoded(text: string): string {
  return Array.from(text, (character) =>
    character.isWellFormed() ? encodeURIComponent(character) : surrogate(character.charCodeAt(0)),
  ).join('');
}

const surrogate = (code: number): string =>
  `%ed%${(0x80 | ((code >> 6) & 0x3f)).toString(16)}%${(0x80 | (code & 0x3f)).toString(16)}`;

/** Clients send no other characters in a path; raw bytes beyond ASCII are sent as Latin-1. */
const latin1 = (target: string): string => target.replace(/[^\x21-\xff]/g, '');

/** A header has no line breaks and no control characters: `node:http` would not send them. */
const headerText = (text: string): string => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 4_000);
