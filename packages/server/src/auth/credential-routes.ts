import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { booleanParameter, PageQuery, readLimit, wrongParameter } from '../http/bulk.ts';
import { HttpProblem, malformedMember } from '../http/errors.ts';
import { parseInstant } from '../http/instants.ts';
import { callerFields } from '../http/logging.ts';
import { Maybe } from '../http/schema.ts';
import type { CredentialPage } from '../store/auth/credentials.ts';
import { callerOf } from './guard.ts';
import { CREDENTIAL_STATES, nameFault, TooManyError } from './manage-keys.ts';

/** What the routes of keys and those of SCIM tokens share. */
export const Instant = Type.String({ format: 'date-time' });
export const MaybeInstant = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });
export const State = Type.String({ enum: [...CREDENTIAL_STATES] });
export const LastUse = MaybeInstant('last use, to the minute; null if there is none');
export const Name = Type.String({ description: 'the purpose, 1 to 200 characters' });
export const NewExpiry = Maybe(
  Type.String({
    description: 'when it ends, as ISO 8601, in the future; without it, it does not end by itself',
  }),
);

/** The name of a body. Throws a 400. */
export function checkedName(name: string): string {
  const fault = nameFault(name);
  if (fault !== undefined) throw malformedMember('name', fault);
  return name;
}

/** The `expiresAt` of a body. Throws a 400 for a text that is no instant after `nowMs`. */
export function checkedExpiry(text: string | null | undefined, nowMs: number): Date | undefined {
  if (text === null || text === undefined) return undefined;
  const instantUs = parseInstant(text);
  if (instantUs === undefined) throw malformedMember('expiresAt', 'is not an instant in ISO 8601');
  const expiresAt = new Date(Math.floor(instantUs / 1_000));
  if (expiresAt.getTime() <= nowMs) throw malformedMember('expiresAt', 'must be in the future');
  return expiresAt;
}

/** Logs a change of a credential or of an account, without secrets, links and addresses. */
export function logChange(request: FastifyRequest, message: string, changed: Record<string, string>): void {
  request.log.info({ ...callerFields(callerOf(request)), ...changed }, message);
}

/** The query parameters of the lists of keys and of SCIM tokens. */
export const CredentialQuery = {
  active: Type.Optional(
    Type.String({ description: 'true: only those that can be used now; false: only those that ended' }),
  ),
  ...PageQuery,
};

/** The page that the parameters of `CredentialQuery` request, with one row more. Throws a 400. */
export function readCredentialPage(
  { active, limit, after }: { active?: string; limit?: string; after?: string },
  nowMs: number,
): { page: CredentialPage; limit: number } {
  const items = readLimit(limit);
  const isActive = booleanParameter('active', active);
  const page = {
    state: isActive === undefined ? undefined : { isActive, at: new Date(nowMs) },
    after: after === undefined ? undefined : readCredentialPosition(after),
    limit: items + 1,
  };
  return { page, limit: items };
}

/** The position of a key or a SCIM token in its list. */
export function credentialPosition(createdAt: Date, id: string): string {
  return `${createdAt.getTime()}-${Buffer.from(id).toString('base64url')}`;
}

function readCredentialPosition(after: string): { at: Date; id: string } {
  const [, ms, encoded = ''] = /^(\d{1,16})-([\w-]+)$/.exec(after) ?? [];
  const [at, id] = [new Date(Number(ms)), Buffer.from(encoded, 'base64url').toString()];
  // PostgreSQL's text cannot hold NUL.
  if (!Number.isNaN(at.getTime()) && !id.includes('\0') && credentialPosition(at, id) === after)
    return { at, id };
  throw wrongParameter('after', 'must be `next` of the previous page');
}

/** Converts the error of a limit to a 409. */
export function conflictIfTooMany(error: unknown): never {
  throw error instanceof TooManyError ? new HttpProblem(409, error.message) : error;
}
