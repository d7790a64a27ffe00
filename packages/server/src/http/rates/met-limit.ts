import { KEY_LIMITS, RATE_CLASSES } from '../../store/auth/key-limits.ts';
import type { LimitHolder } from './limited-caller.ts';

/** What a limit is of: the rate limits and the exports of a key, the daily event quota, and what callers share. */
const LIMITS = {
  caller: KEY_LIMITS,
  organisation: [...RATE_CLASSES, 'stored events'],
  share: [
    'requests in progress',
    'bytes in progress',
    'sign-ins',
    'imports',
    'image uploads',
    'exports',
    'lists',
    'images',
    'connections',
  ],
} as const satisfies Record<LimitHolder | 'share', readonly string[]>;

type Limits = typeof LIMITS;
export type ShareName = Limits['share'][number];

/** The limit because of which the server refused a request. `share`: a part of what the server can do at once. */
export type MetLimit = { [Of in keyof Limits]: { limit: Limits[Of][number]; of: Of } }[keyof Limits];

/** Every limit that a request can meet. */
export const MET_LIMITS = Object.entries(LIMITS).flatMap(([of, limits]) =>
  limits.map((limit) => ({ limit, of }) as MetLimit),
);
