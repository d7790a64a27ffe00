import type { FastifyRequest } from 'fastify';
import { etagOf, requireState } from '../http/etag.ts';
import type { StoredPlan } from './plan-views.ts';

/** In an entity tag: the digest of the plan, and which placements its reader did not see. */
const TAG = /"([\w-]+)\.([\w-]+)"/g;
const BITS = 8;

/**
 * The entity tag of a plan: the digest of all its placements, and behind a full stop which of them its reader did not see. So a
 * node that is retired or comes back is no change of the plan, and nobody removes what they did not see. Other names of nodes are
 * no change either.
 */
export function versionOf(plan: StoredPlan): string {
  const digest = digestOf(plan);
  return plan.hidden.length === 0 ? digest : `${digest.slice(0, -1)}.${markHidden(plan)}"`;
}

/**
 * Throws a 412 if the request is for another version of the plan, or for none. Returns the nodes whose placements the reader of
 * the version in If-Match did not see.
 */
export function requireVersion(
  { headers }: Pick<FastifyRequest, 'headers'>,
  plan: StoredPlan | undefined,
): ReadonlySet<string> {
  const digest = plan && digestOf(plan);
  const { 'if-match': wanted, 'if-none-match': unwanted } = headers;
  const digests = (tags: string) => tags.replaceAll(TAG, '"$1"');
  requireState(
    {
      headers: {
        ...(wanted !== undefined && { 'if-match': digests(wanted) }),
        ...(unwanted !== undefined && { 'if-none-match': digests(unwanted) }),
      },
    },
    digest,
  );
  const marks = [...(wanted ?? '').matchAll(TAG)].find(([, text]) => `"${text}"` === digest)?.[2];
  return new Set(marks === undefined ? [] : unseenNodes(plan, marks));
}

function digestOf(plan: StoredPlan): string {
  const { planId, isDraft, version, basedOn, imageId, aspectRatio, changedAt } = plan;
  const placements = plan.all.map(({ nodeId, x, y, width, height }) => [nodeId, x, y, width, height]);
  return etagOf([planId, isDraft, version, basedOn, imageId, aspectRatio, changedAt, placements]);
}

/** A bit for each placement, in the order of the ids, that is 1 if the placement is hidden. */
function markHidden({ all, hidden }: StoredPlan): string {
  const isHidden = new Set(hidden);
  const bytes = Buffer.alloc(Math.ceil(all.length / BITS));
  for (const [index, placement] of all.entries()) {
    const byte = Math.floor(index / BITS);
    if (isHidden.has(placement)) bytes[byte] = (bytes[byte] ?? 0) | (1 << (index % BITS));
  }
  return bytes.toString('base64url');
}

function unseenNodes(plan: StoredPlan | undefined, marks: string): string[] {
  const bytes = Buffer.from(marks, 'base64url');
  const isMarked = (index: number) => ((bytes[Math.floor(index / BITS)] ?? 0) >> (index % BITS)) & 1;
  return (plan?.all ?? []).filter((_, index) => isMarked(index)).map(({ nodeId }) => nodeId);
}
