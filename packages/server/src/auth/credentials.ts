import { parseGuid } from '../store/values/guid.ts';

/** The form in which the server compares ids of keys: GUIDs ignore case, any other text is exact. */
export function foldApiKey(apiKey: string): string {
  return parseGuid(apiKey) ?? apiKey;
}

/** An id and a secret as the caller presented them, before any check. */
export interface Credentials {
  apiKey: string;
  secret: string;
}

/** The content of an `Authorization` header; `other` for a scheme that the server does not support. */
export type Authorization =
  | { scheme: 'none' }
  | { scheme: 'bearer'; token: string }
  | { scheme: 'basic'; credentials: Credentials | undefined }
  | { scheme: 'other' };

/** The headers that can hold credentials. */
export interface AuthorizationHeaders {
  authorization?: string | undefined;
  authentication?: string | string[] | undefined;
}

/**
 * Reads the credentials of a request. Without `Authorization`, the server reads a Bearer token from `Authentication`,
 * because one of the vendor's pages names that header.
 */
export function readAuthorization(headers: AuthorizationHeaders): Authorization {
  if (headers.authorization !== undefined) return parseAuthorization(headers.authorization);
  if (typeof headers.authentication !== 'string') return { scheme: 'none' };
  const parsed = parseAuthorization(headers.authentication);
  return parsed.scheme === 'bearer' ? parsed : { scheme: 'none' };
}

function parseAuthorization(value: string): Authorization {
  const [, scheme = '', rest = ''] = /^\s*(\S+)(?:\s+(.*?))?\s*$/s.exec(value) ?? [];
  switch (scheme.toLowerCase()) {
    case '':
      return { scheme: 'none' };
    case 'bearer':
      return { scheme: 'bearer', token: rest };
    case 'basic':
      return { scheme: 'basic', credentials: parseBasic(rest) };
    default:
      return { scheme: 'other' };
  }
}

/** RFC 7617: base64 of id and secret, split at the first colon. */
function parseBasic(base64: string): Credentials | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const decoded = Buffer.from(base64, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) return undefined;
  return { apiKey: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
}

/**
 * Decodes form-urlencoded credentials. RFC 6749 section 2.3.1 requires this encoding in a Basic header. Undefined if
 * there is nothing to decode, or if the encoding is invalid.
 */
export function decodeFormEncoded({ apiKey, secret }: Credentials): Credentials | undefined {
  if (!/[%+]/.test(apiKey + secret)) return undefined;
  try {
    return { apiKey: formDecode(apiKey), secret: formDecode(secret) };
  } catch {
    return undefined;
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
