import { randomUUID } from 'node:crypto';
import { uuidV7 } from '../store/values/uuid-v7.ts';
import type { ActionLogRow } from '../store/workday/action-log.ts';
import type { BookableKind } from '../store/workday/bookings.ts';
import type { OfficeNode } from '../store/workday/offices.ts';
import type { Booking, DayChange, DayPlan, DayState } from './model.ts';

const DEPTH: Record<BookableKind, 1 | 2 | 3> = { location: 1, zone: 2, place: 3 };

type NodeOf = (nodeId: string) => OfficeNode | undefined;

/** The action log's entries of one set of changes, in order; each `entryId` is greater than the one before. */
export class ActionLog {
  readonly rows: ActionLogRow[] = [];
  readonly #atMs: number;
  readonly #nodeOf: NodeOf;

  constructor(at: Date, nodeOf: NodeOf) {
    this.#atMs = at.getTime();
    this.#nodeOf = nodeOf;
  }

  /** Adds the differences between `before` and `after` as one action. False if there are none. */
  add(
    { userId, day, reason, name }: Pick<DayChange, 'userId' | 'day' | 'reason' | 'name'>,
    before: DayState,
    after: DayState,
  ): boolean {
    const actionId = randomUUID();
    const changes = [
      this.#planChange(before.plan, after.plan),
      this.#bookingChange(before.booking, after.booking),
    ];
    const found = changes.filter((change) => change !== undefined);
    for (const change of found) {
      const entryId = uuidV7(this.#atMs);
      this.rows.push({ userId, day, actionId, entryId, reason, name, ...change });
    }
    return found.length > 0;
  }

  #planChange(before: DayPlan | null, after: DayPlan | null) {
    if (before?.plan === after?.plan && before?.locationId === after?.locationId) return undefined;
    const [was, is] = [this.#planWord(before), this.#planWord(after)];
    const [action, description] = told(
      { was, is },
      ['created', `Plan set to ${is}`],
      ['changed', `Plan changed from ${was} to ${is}`],
      ['deleted', `Plan deleted, which was ${was}`],
    );
    return {
      category: 'plan' as const,
      action,
      description,
      before: planJson(before),
      after: planJson(after),
    };
  }

  #bookingChange(before: Booking | null, after: Booking | null) {
    if (before?.nodeId === after?.nodeId && before?.locationId === after?.locationId) return undefined;
    const [was, is] = [this.#bookingWord(before), this.#bookingWord(after)];
    const [action, description] = told(
      { was, is },
      ['created', `Booking made of ${is}`],
      ['changed', `Booking changed from ${was} to ${is}`],
      ['cancelled', `Booking of ${was} cancelled`],
    );
    return {
      category: 'booking' as const,
      action,
      description,
      before: bookingJson(before),
      after: bookingJson(after),
    };
  }

  #planWord(plan: DayPlan | null): string | null {
    if (!plan) return null;
    if (plan.plan !== 'o') return plan.plan === 'r' ? 'remote' : 'away';
    return `office (${this.#nodeOf(plan.locationId ?? '')?.locationName ?? plan.locationId})`;
  }

  #bookingWord(booking: Booking | null): string | null {
    if (!booking) return null;
    const { nodeId, nodeKind } = booking;
    const node = this.#nodeOf(nodeId);
    const office = node?.locationName ?? booking.locationId;
    if (nodeKind === 'location') return `office (${office})`;
    return `${nodeKind === 'zone' ? 'zone' : 'desk'} ${node?.name ?? nodeId} (${office})`;
  }
}

type Told = [ActionLogRow['action'], string];

function told(
  { was, is }: { was: string | null; is: string | null },
  made: Told,
  changed: Told,
  gone: Told,
): Told {
  if (was === null) return made;
  return is === null ? gone : changed;
}

function planJson(plan: DayPlan | null): object | null {
  return plan && { plan: plan.plan, locationId: plan.locationId };
}

function bookingJson(booking: Booking | null): object | null {
  return (
    booking && {
      locationId: booking.locationId,
      nodeId: booking.nodeId,
      depth: DEPTH[booking.nodeKind],
    }
  );
}
