/** The classes of requests with a rate limit. */
export const RATE_CLASSES = ['login', 'events', 'reads', 'management'] as const;
export type RateClass = (typeof RATE_CLASSES)[number];

/** The limits that a key may have of its own. */
export const KEY_LIMITS = [...RATE_CLASSES, 'exports'] as const;
export type KeyLimit = (typeof KEY_LIMITS)[number];

/** The limits of a key that differ from the defaults: units a minute by class, and exports at a time. */
export type KeyLimits = { readonly [limit in KeyLimit]?: number };
