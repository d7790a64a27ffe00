/** A JSON text that no value stands for, such as `1e400`. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface Body {
  /** Null: no content type. */
  mediaType: string | null;
  /** A value whose leaves may be `RawJson`, if the body is JSON. */
  json?: unknown;
  /** The text, if it is not JSON. */
  text?: string;
  /** The bytes, if they are no text. */
  base64?: string;
  /** Turns the finished text into a malformed one. */
  spoil?: (text: string) => string;
}

/**
 * A request before it is sent. Its texts may have references (`references.ts`) in place of ids, so that the same seed
 * makes the same request on another day and on another server.
 */
export interface Draft {
  method: string;
  /** The parts of the path. A part that is not `raw` is percent-encoded when it is sent. */
  path: { text: string; raw?: boolean }[];
  query: [name: string, value: string][];
  /** What follows the query unchanged. */
  rawQuery?: string;
  headers: [name: string, value: string][];
  body: Body | null;
}

/** A value as JSON. */
export function jsonText(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`).join(',')}}`;
}

/** The text of a body; undefined if it is not text. */
export function textOf({ json, text, base64, spoil = (whole) => whole }: Body): string | undefined {
  if (base64 !== undefined) return undefined;
  return spoil(text ?? jsonText(json));
}
