import type { OutgoingHttpHeaders } from 'node:http';

/** The headers that helmet sets by default, but for a policy of content: the API serves no pages. */
const HEADERS = {
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

/**
 * The security headers of every answer. `hsts` tells browsers to insist on TLS from now on (RFC 6797). They are
 * constants, because setting them by a call each is a noticeable part of a login.
 */
export function securityHeaders(hsts: boolean): OutgoingHttpHeaders {
  return hsts
    ? { ...HEADERS, 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
    : { ...HEADERS };
}
