import type { OutgoingHttpHeaders } from 'node:http';

/** The headers that helmet sets by default, without a content policy, because the API serves no pages. */
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
 * The security headers of every answer. `hsts` tells browsers to use TLS only from now on (RFC 6797). They are
 * constants, because a call for each header is a measurable part of a login.
 */
export function securityHeaders(hsts: boolean): OutgoingHttpHeaders {
  return hsts
    ? { ...HEADERS, 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
    : { ...HEADERS };
}
