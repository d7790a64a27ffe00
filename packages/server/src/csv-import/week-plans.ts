import { type Claims, orRefused, type UpsertItem, type UpsertResult } from '../directory/upsert.ts';
import { ItemRefusedError, optionalGuid, quote } from '../directory/values.ts';
import { NO_DATE, parseDay } from '../http/window.ts';
import type { Tx } from '../store/connections/db.ts';
import { listLocationsByName, type NodeRow } from '../store/directory/nodes.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { lockUserDays } from '../workday/lock-user-days.ts';
import { type WeekRequest, writeWeeks } from '../workday/manage-week-plans.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { resolveUsers } from '../workday/user-references.ts';
import { readWeekPlans, type WeekdayPlan, type WeekPlan } from '../workday/week-plan.ts';
import { optional } from './columns.ts';
import { type CsvKind, EXAMPLE_ID, storeDrafts } from './kind.ts';

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
type Weekday = (typeof WEEKDAYS)[number];

interface WeekItem extends UpsertItem, Partial<Record<Weekday, string>> {
  userId?: string;
  userName?: string;
  applyFrom?: string;
}

const PLAN_CHOICES = 'office, remote, away or none (or o, r, a)';
/** A plan. The office of an office plan may follow after a colon. */
const CELL = /^(\w+)\s*(?::\s*(.+))?$/s;

export const weekPlans: CsvKind<WeekItem> = {
  word: 'week plan',
  reason: REASONS.importOfWeekPlans,
  // A week plan also locks its days, so this limits the locks of a transaction.
  batchRows: 100,
  nameOf: ({ userName }) => userName,
  upsert: upsertWeekPlans,
  columns: [
    optional('userId', 'The id of an active user', EXAMPLE_ID.user),
    optional('userName', 'Instead of userId: the e-mail or userName of the user', 'ada@example.com'),
    optional(
      'monday',
      `${PLAN_CHOICES}. The office is the primary location, unless the name or id of another office follows`,
      'office: Harbour House',
    ),
    optional('tuesday', 'As monday', 'office'),
    optional('wednesday', 'As monday', 'remote'),
    optional('thursday', 'As monday', 'office'),
    optional('friday', 'As monday', 'away'),
    optional('saturday', 'As monday', 'none'),
    optional('sunday', 'As monday', 'none'),
    optional(
      'applyFrom',
      'A date. Days from this date that follow the week plan get new plans. Without it, existing plans stay',
      '2026-01-05',
    ),
  ],
  anyOf: [['userId', 'userName'], [...WEEKDAYS]],
};

/**
 * Sets the week plan of each user once. Weekdays that a row leaves out stay. The id of a result is the id of the user.
 */
async function upsertWeekPlans(
  tx: Tx,
  tenantId: string,
  items: WeekItem[],
  author: DayAuthor,
  claims: Claims,
): Promise<UpsertResult[]> {
  const users = await resolveUsers(tx, tenantId, items);
  const offices = await listLocationsByName(tx, tenantId, items.flatMap(officeNames));
  const userIds = users.flatMap((user) => ('userId' in user ? user.userId : []));
  await lockUserDays(tx, tenantId, userIds);
  const weeks = await readWeekPlans(tx, tenantId, userIds);
  const drafts = items.map((item, index) =>
    orRefused((): WeekRequest => {
      const user = users[index];
      if (!user || 'refused' in user)
        throw new ItemRefusedError(asClause(user?.message ?? 'the user is not known'));
      const { userId } = user;
      const days = WEEKDAYS.map(
        (weekday, day) => readCell(weekday, item[weekday], offices) ?? dayOf(weeks, userId, day),
      );
      const week = days.map((plan) => (plan === 'none' ? null : plan)) as WeekPlan;
      const applyFrom = readDay(item.applyFrom);
      claims.claim(
        { id: userId, idGiven: true, idMember: 'userId', nameMember: 'userName', name: item.userName ?? '' },
        { origin: item.origin, changes: true },
      );
      return { userId, week, applyFrom };
    }),
  );
  return storeDrafts(drafts, async (accepted) => {
    const outcomes = await writeWeeks(tx, tenantId, accepted, author);
    return outcomes.map((outcome, index): UpsertResult => {
      if (typeof outcome === 'object') return { refused: asClause(outcome.message) };
      const id = accepted[index]?.userId ?? '';
      const isNew = weeks.get(id)?.every((plan) => plan === null) ?? true;
      return { id, result: outcome === 'unchanged' ? outcome : isNew ? 'created' : 'updated' };
    });
  });
}

function dayOf(weeks: Map<string, WeekPlan>, userId: string, day: number): WeekdayPlan | 'none' {
  return weeks.get(userId)?.[day] ?? 'none';
}

function officeNames(item: WeekItem): string[] {
  return WEEKDAYS.flatMap((weekday) => CELL.exec(item[weekday] ?? '')?.[2] ?? []);
}

/** Undefined if the cell is empty. Throws `ItemRefusedError`. */
function readCell(
  weekday: Weekday,
  cell: string | undefined,
  offices: NodeRow[],
): WeekdayPlan | 'none' | undefined {
  if (cell === undefined) return undefined;
  const [, word = '', office] = CELL.exec(cell) ?? [];
  const plan = { o: 'o', office: 'o', r: 'r', remote: 'r', a: 'a', away: 'a', none: 'none' }[
    word.toLowerCase()
  ];
  if (plan === undefined || (office !== undefined && plan !== 'o')) {
    throw new ItemRefusedError(
      `${weekday} ${quote(cell)} is none of ${PLAN_CHOICES}, or "office: " and the name or id of an office`,
    );
  }
  if (plan === 'none') return 'none';
  if (plan !== 'o') return { kind: plan as 'r' | 'a' };
  return { kind: 'o', locationId: office === undefined ? null : findOffice(weekday, office, offices) };
}

function findOffice(weekday: Weekday, office: string, offices: NodeRow[]): string {
  const named = offices.filter(({ name }) => name === office);
  const active = named.filter(({ status }) => status === 'active');
  const [only, ...others] = active.length > 0 ? active : named;
  if (only && others.length === 0) return only.nodeId;
  if (only)
    throw new ItemRefusedError(
      `${weekday}: ${others.length + 1} offices have the name ${quote(office)}; give the id`,
    );
  const byId = /^[0-9a-f-]{36}$/i.test(office) ? optionalGuid(weekday, office) : undefined;
  if (byId === undefined) throw new ItemRefusedError(`${weekday}: there is no office ${quote(office)}`);
  return byId;
}

function readDay(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const day = parseDay(text);
  if (day === undefined) throw new ItemRefusedError(`applyFrom ${quote(text)} ${NO_DATE}`);
  return day;
}

/** Refusals of days end with a full stop; reasons of rows do not. */
function asClause(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
