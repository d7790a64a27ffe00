import { Type } from 'typebox';
import { malformedMember } from '../http/errors.ts';
import { DEFAULT_LIMITS, ORGANISATION_TIMES } from '../http/rates/rate-classes.ts';
import { Maybe } from '../http/schema.ts';
import { KEY_LIMITS, type KeyLimit, type KeyLimits } from '../store/auth/key-limits.ts';

const UNITS: Readonly<Record<KeyLimit, string>> = {
  login: 'logins a minute',
  events: 'events a minute',
  reads: 'requests that read, a minute',
  management: 'requests that change something, and those of SCIM, a minute',
  exports: 'exports at once',
};
/** More exports than an organisation has slots for. */
const MOST_EXPORTS = 100;

/** What a caller may give a key: at most the limit of the organisation. The command line may give more. */
function mostOf(limit: KeyLimit): number {
  return limit === 'exports' ? MOST_EXPORTS : DEFAULT_LIMITS[limit] * ORGANISATION_TIMES;
}

function given(limit: KeyLimit) {
  return Maybe(Type.Integer({ minimum: 1, description: `${UNITS[limit]}; at most ${mostOf(limit)}` }));
}

function shown(limit: KeyLimit) {
  return Type.Optional(Type.Integer({ description: UNITS[limit] }));
}

/** Limits of a key in the body of a request. A limit of null is the default. */
export const GivenLimits = Type.Object(
  {
    login: given('login'),
    events: given('events'),
    reads: given('reads'),
    management: given('management'),
    exports: given('exports'),
  },
  // A mistyped limit would become the default.
  { additionalProperties: false, description: 'the limits that differ from the defaults' },
);

/** The limits of a key in an answer. */
export const ShownLimits = Type.Object(
  {
    login: shown('login'),
    events: shown('events'),
    reads: shown('reads'),
    management: shown('management'),
    exports: shown('exports'),
  },
  { description: 'the limits that differ from the defaults' },
);

const ofEach = (description: string, value: (limit: KeyLimit) => string) =>
  Type.Object(
    {
      login: Type.Integer({ description: value('login') }),
      events: Type.Integer({ description: value('events') }),
      reads: Type.Integer({ description: value('reads') }),
      management: Type.Integer({ description: value('management') }),
      exports: Type.Optional(Type.Integer({ description: value('exports') })),
    },
    { description },
  );

/** What applies to every key of the organisation. */
export const LIMITS_OF_ALL = {
  defaultLimits: ofEach(
    'the limits of a key that has none of its own; without `exports`, a key has the exports of its organisation',
    (limit) => UNITS[limit],
  ),
  mostLimits: ofEach('the largest limits that a caller may give a key', (limit) => UNITS[limit]),
};

/** The values of `LIMITS_OF_ALL`. */
export const limitsOfAll = () => ({
  defaultLimits: { ...DEFAULT_LIMITS },
  mostLimits: Object.fromEntries(KEY_LIMITS.map((limit) => [limit, mostOf(limit)])) as Record<
    KeyLimit,
    number
  >,
});

/** Limits of a key; null is the default. */
export type ChangedLimits = { readonly [limit in KeyLimit]?: number | null | undefined };

/** Limits without those that are the default. */
export function ownLimits(limits: ChangedLimits): KeyLimits {
  return Object.fromEntries(
    KEY_LIMITS.flatMap((limit) => {
      const own = limits[limit] ?? undefined;
      return own === undefined ? [] : [[limit, own]];
    }),
  );
}

/** Throws a 400 if a caller gives a key more than it may. A limit that the key has already may be sent back. */
export function requireGrantable(limits: ChangedLimits, held: KeyLimits): void {
  for (const limit of KEY_LIMITS) {
    const most = mostOf(limit);
    const wanted = limits[limit] ?? 0;
    if (wanted > most && wanted !== held[limit])
      throw malformedMember(`limits/${limit}`, `must be <= ${most}`);
  }
}
