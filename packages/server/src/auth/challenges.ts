const REALM = 'rollcall';
/** The values of `WWW-Authenticate` (RFC 9110 section 11.6.1). */
export const BEARER_CHALLENGE = `Bearer realm="${REALM}"`;
export const BASIC_CHALLENGE = `Basic realm="${REALM}", charset="UTF-8"`;
