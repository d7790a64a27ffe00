import type { OutgoingHttpHeaders } from 'node:http';

/** An answer of the API is data. Opened as a page, it may load and run nothing, and no page may frame it. */
const POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; sandbox";

/** The headers that helmet sets by default, with the policy of data. Routes that serve pages set a policy of their own. */
const PLAIN: OutgoingHttpHeaders = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};
/** Tells browsers to use TLS only from now on. RFC 6797 section 7.2 forbids it over plain http. */
const OVER_TLS: OutgoingHttpHeaders = {
  ...PLAIN,
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

/**
 * The security headers of an answer. `protocol` is that of the client, also if a proxy ends TLS. They are constants,
 * because a call for each header is a measurable part of a login.
 */
export function securityHeaders(protocol: 'http' | 'https'): OutgoingHttpHeaders {
  return protocol === 'https' ? OVER_TLS : PLAIN;
}
