import { type Static, type TSchema, Type } from 'typebox';

/** A member that may be left out; `null` means the same. */
export function Maybe<T extends TSchema>(schema: T) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

/** A member of an answer that may be null. */
export function OrNull<T extends TSchema>(schema: T, description: string) {
  return Type.Union([schema, Type.Null()], { description });
}

/** RFC 9457 problem document: the format of errors, except on routes with an `errorFormat` of their own. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    correlationId: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { $id: 'Problem', description: 'RFC 9457 problem document' },
);
export type Problem = Static<typeof Problem>;

const PROBLEM_STATUSES = {
  400: 'The request is malformed; nothing was stored.',
  401: 'Credentials are missing or wrong.',
  403: 'The key, or the role of the person, may not call this route.',
  404: 'There is nothing with this id.',
  409: 'The request conflicts with the current state; see `detail`. Nothing was stored.',
  410: 'The cursor belongs to another database, or to a state before a restore, or is too old; load the whole dataset.',
  408: 'The body arrived too slowly.',
  412: 'Somebody has changed it: the present version is not the one in If-Match. Nothing was stored.',
  413: 'The body is too large.',
  414: 'A part of the path is too long to be an id.',
  415: 'The content type is not application/json.',
  429: 'A rate limit or a quota is reached, or too many logins or sign-ins have failed; try again after the seconds in Retry-After.',
  502: 'The identity provider cannot be used now; other ways to sign in can.',
  503: 'Temporarily unavailable; try again after the seconds in Retry-After.',
} as const;

/** The documentation of a route's errors, by status. */
export function problems(...statuses: (keyof typeof PROBLEM_STATUSES)[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: PROBLEM_STATUSES[status],
        content: { 'application/problem+json': { schema: Type.Ref('Problem') } },
      },
    ]),
  );
}
