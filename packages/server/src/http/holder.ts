import type { FastifyRequest } from 'fastify';
import { networkOf } from './network.ts';

/** The holder of shares and turns of a request: its organisation, or its network if the caller is unknown. */
export function holderOf({ caller, ip }: FastifyRequest): string {
  return caller ? `organisation ${caller.tenantId}` : networkOf(ip);
}
