import type { FastifyRequest } from 'fastify';
import { networkOf } from './network.ts';

/** The holder of shares and turns of a request: its organisation, or its network if the caller is unknown. */
export function holderOf({ caller, ip }: FastifyRequest): string {
  return caller ? `${ORGANISATION}${caller.tenantId}` : networkOf(ip);
}

const ORGANISATION = 'organisation ';

/** The id of the organisation that a name of `holderOf` stands for; undefined for any other name. */
export function organisationOf(name: string): string | undefined {
  return name.startsWith(ORGANISATION) ? name.slice(ORGANISATION.length) : undefined;
}
