import type { Item, Reply } from '@rollcall/sdk';
import type { PersonDay } from './answers.ts';

export type DayItem = Item<'POST /v1/manage/days'>;
export type DayResult = Reply<'POST /v1/manage/days'>['results'][number];

/** What the selected days are to become. */
export interface Choices {
  plan: 'o' | 'r' | 'a' | 'default';
  /** The office of an office plan. */
  office: string;
  /** The desk, the zone or the office to book; empty: the server chooses. */
  seat: string;
  reason: string;
}

/** Days to change, and what the person who changes them saw before. */
export interface Proposal {
  before: readonly PersonDay[];
  items: readonly DayItem[];
  /** Whether it takes back changes that were made. */
  isUndo: boolean;
}

/** The items that ask for the choices. Each is refused if somebody has changed its day since it was read. */
export function proposalOf(userId: string, days: readonly PersonDay[], choices: Choices): Proposal {
  const { plan, office, seat, reason } = choices;
  const wish =
    plan === 'o'
      ? { plan, locationId: office, ...(seat ? { booking: { nodeId: seat } } : {}) }
      : { plan: plan === 'default' ? null : plan };
  const items = days.map(({ day, version }) => ({
    userId,
    day,
    version,
    ...wish,
    ...(reason.trim() ? { reason: reason.trim() } : {}),
  }));
  return { before: days, items, isUndo: false };
}

/**
 * The items that take changed days back. A plan of the week plan or of leave, and no plan, are defaults of the day: the
 * server makes them again, and the preview shows what it would make.
 *
 * @param made the changed days, as the preview showed them
 */
export function undoOf(userId: string, { before }: Proposal, made: ReadonlyMap<string, DayResult>): Proposal {
  const days = before.filter(({ day }) => made.has(day));
  const items = days.map((day) => {
    const { plan, setBy, locationId, booking } = day;
    const version = made.get(day.day)?.after?.version;
    const item = { userId, day: day.day, ...(version ? { version } : {}) };
    if (plan === null || setBy === 'week' || setBy === 'leave') return { ...item, plan: null };
    if (plan !== 'o') return { ...item, plan };
    return { ...item, plan, locationId, ...(booking ? { booking: { nodeId: booking.nodeId } } : {}) };
  });
  return { before: days, items, isUndo: true };
}
