import type { FastifyRequest } from 'fastify';
import type { KeyLimits } from '../../store/auth/key-limits.ts';

/** A caller that proved its credentials, as the rate limits see it. */
export interface LimitedCaller {
  kind: 'key' | 'scim-token' | 'account';
  /** The folded id of the key or of the SCIM token, or the folded address of the account. */
  nameFolded: string;
  /** Undefined for a person's own session, which runs for no organisation. */
  tenantId: string | undefined;
  /** Limits of its own, of a key. */
  limits?: KeyLimits;
  /** Of a person. The log has it in place of the address. */
  accountId?: string;
}

/** Whose limit it is. */
export type LimitHolder = 'caller' | 'organisation';

/** The caller of a request that passed the guard; undefined on public routes. */
export function limitedCallerOf({ caller, session }: FastifyRequest): LimitedCaller | undefined {
  if (caller || !session) return caller ?? undefined;
  return {
    kind: 'account',
    nameFolded: session.emailFolded,
    tenantId: undefined,
    accountId: session.accountId,
  };
}
