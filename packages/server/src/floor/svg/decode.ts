import { SvgError } from './sanitize.ts';

/** A file that is text begins with one of these, behind white space and a byte order mark. */
const MARKUP = /^\uFEFF?\s*</;
const DECLARED = /^\uFEFF?\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/;
const HEAD_BYTES = 1_024;

/**
 * The text of an XML file in the encoding that its first bytes or its declaration name. Undefined if the bytes are no
 * markup. Throws `SvgError` if they are not in that encoding.
 */
export function decodeMarkup(bytes: Buffer): string | undefined {
  const head = bytes.subarray(0, HEAD_BYTES);
  const wide = wideEncodingOf(head);
  if (!MARKUP.test(new TextDecoder(wide ?? 'latin1').decode(head).replace('ï»¿', ''))) return undefined;
  const encoding = wide ?? DECLARED.exec(head.toString('latin1').replace('ï»¿', ''))?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new SvgError(`The SVG is not in the encoding ${encoding}, or this encoding is not known.`);
  }
}

/** UTF-16, which XML recognises by the first bytes; undefined for another encoding. */
function wideEncodingOf(head: Buffer): string | undefined {
  const start = head.subarray(0, 2).toString('hex');
  if (start === 'fffe' || start === '3c00') return 'utf-16le';
  return start === 'feff' || start === '003c' ? 'utf-16be' : undefined;
}
