import type { KeyLimit } from '../../store/auth/key-limits.ts';
import type { LimitHolder } from './limited-caller.ts';

/** What a limit is of: the rate limits and the exports of a key, the daily event quota, and what callers share. */
export type LimitName =
  | KeyLimit
  | 'stored events'
  | 'requests in progress'
  | 'bytes in progress'
  | 'sign-ins'
  | 'imports'
  | 'image uploads'
  | 'lists'
  | 'images'
  | 'connections';

/** The limit because of which the server refused a request. `share`: a part of what the server can do at once. */
export interface MetLimit {
  limit: LimitName;
  of: LimitHolder | 'share';
}
