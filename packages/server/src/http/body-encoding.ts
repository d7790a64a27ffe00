import type { IncomingHttpHeaders } from 'node:http';
import { TextDecoder } from 'node:util';
import { HttpProblem } from './errors.ts';

/** How the bytes of a body become UTF-8. */
export interface BodyEncoding {
  isGzip: boolean;
  /** A label of the Encoding Standard; undefined for UTF-8. */
  charset: string | undefined;
}

const PLAIN: BodyEncoding = { isGzip: false, charset: undefined };
const TAKEN_CODINGS = 'gzip, identity';
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;
const UTF_8 = /^utf-?8$/i;
const UTF_16 = /^utf-16$/i;

/**
 * The encoding that a request declares for its body (RFC 9110 sections 8.3 and 8.4). Throws a 415 for an unsupported
 * one.
 */
export function bodyEncodingOf(headers: IncomingHttpHeaders): BodyEncoding {
  const coding = headers['content-encoding'];
  const charset = charsetOf(headers['content-type']);
  if (coding === undefined && charset === undefined) return PLAIN;
  return { isGzip: isGzip(coding ?? ''), charset };
}

function isGzip(contentEncoding: string): boolean {
  const codings = contentEncoding
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const [coding, ...others] = codings;
  if (coding === undefined) return false;
  if (others.length === 0 && (coding === 'gzip' || coding === 'x-gzip')) return true;
  throw new HttpProblem(415, 'Send the request body without a content encoding, or with gzip.', {
    headers: { 'accept-encoding': TAKEN_CODINGS },
  });
}

function charsetOf(contentType: string | undefined): string | undefined {
  const [, label] = (contentType?.includes(';') && CHARSET.exec(contentType)) || [];
  if (!label || UTF_8.test(label)) return undefined;
  try {
    return UTF_16.test(label) ? 'utf-16' : new TextDecoder(label).encoding;
  } catch {
    throw new HttpProblem(415, 'The server does not know the charset of the request body; send UTF-8.');
  }
}

/**
 * Converts text of another charset to UTF-8, piece by piece. Its methods throw a TypeError for bytes outside the
 * charset.
 */
export class Transcoder {
  readonly #charset: string;
  #decoder: TextDecoder | undefined;

  constructor(charset: string) {
    this.#charset = charset;
  }

  read(piece: Buffer): Buffer {
    this.#decoder ??= new TextDecoder(this.#label(piece[0]), { fatal: true });
    return Buffer.from(this.#decoder.decode(piece, { stream: true }));
  }

  /** The rest, after all pieces were read. */
  end(): Buffer {
    return Buffer.from(this.#decoder?.decode() ?? '');
  }

  /**
   * `UTF-16` without an order allows both byte orders. JSON and forms begin with an ASCII character or a byte order
   * mark.
   */
  #label(first: number | undefined): string {
    if (this.#charset !== 'utf-16') return this.#charset;
    return first === 0x00 || first === 0xfe ? 'utf-16be' : 'utf-16le';
  }
}
