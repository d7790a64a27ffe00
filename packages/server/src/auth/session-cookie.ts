import type { FastifyReply, FastifyRequest } from 'fastify';

/** A cookie with this prefix belongs to one host, one path and TLS (RFC 6265bis section 4.1.3.2). */
const SECURE_NAME = '__Host-rollcall';
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The name of the session's cookie in this request; undefined where browsers must not get one, which is over plain http
 * beyond this machine. Cookies ignore ports, so each instance on this machine has a name of its own.
 *
 * @param instanceId the GUID of this instance
 */
export function cookieNameOf(request: FastifyRequest, instanceId: string): string | undefined {
  if (request.protocol === 'https') return SECURE_NAME;
  return LOOPBACK_HOSTS.includes(hostnameOf(request.host))
    ? `rollcall-${instanceId.replaceAll('-', '').slice(0, 8)}`
    : undefined;
}

/** Whether a request may have a session's cookie. It is a cheap check before the cookie is read. */
export function mayHaveSession({ headers }: FastifyRequest): boolean {
  return headers.cookie?.includes('rollcall') ?? false;
}

/** The value of the cookie with this name; undefined if the request has none. */
export function readCookie({ headers }: FastifyRequest, name: string): string | undefined {
  for (const pair of headers.cookie?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** Gives the browser a cookie that it sends for `lifeS` seconds; 0 removes the cookie. */
export function setCookie(reply: FastifyReply, name: string, value: string, lifeS: number): void {
  const secure = name.startsWith(SECURE_NAME) ? '; Secure' : '';
  reply.header('set-cookie', `${name}=${value}; Path=/; Max-Age=${lifeS}; HttpOnly; SameSite=Lax${secure}`);
}

function hostnameOf(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}
