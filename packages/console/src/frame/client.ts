import { Rollcall } from '@rollcall/sdk';

const clients = new Map<string | undefined, Rollcall>();

/** A page must say soon that the server cannot answer. */
const MOST_RETRIES = 2;

/** The address of a file of an organisation. The browser downloads it by itself, to the disk and not into memory. */
export function fileAddress(path: string, organisation: string): string {
  return `/v1/manage/${path}?${new URLSearchParams({ organisation })}`;
}

/**
 * The client for the calls of an organisation, named by its slug, or for calls without one. The browser sends the
 * cookie of the session.
 */
export function clientOf(organisation?: string): Rollcall {
  let client = clients.get(organisation);
  if (!client) {
    client = new Rollcall({ session: { organisation }, maxRetries: MOST_RETRIES });
    clients.set(organisation, client);
  }
  return client;
}
