import { type Static, Type } from 'typebox';
import { BulkReply } from '../http/bulk.ts';
import { parseDay } from '../http/window.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { inTenantRolledBack } from '../store/connections/rolled-back.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import type { UserDay } from '../store/workday/day-plans.ts';
import { listDaysOfUsers } from '../store/workday/user-days.ts';
import { type DayRequest, type RequestOutcome, writeRequests } from './day-requests.ts';
import { DayView, viewDay, viewEmptyDay } from './day-view.ts';
import { ManagedResult, writeItems } from './manage-bulk.ts';
import { type DayItem, readItem } from './manage-days.ts';
import { userDayKey } from './workday.ts';

const DayResult = Type.Object({
  ...ManagedResult.properties,
  after: Type.Optional(
    Type.Object(DayView.properties, {
      description: 'of a preview: the day after all items, if the item is not refused',
    }),
  ),
});
type DayResult = Static<typeof DayResult>;

/** One result for each item, in the order of the request. */
export const DaysReply = Type.Object({ ...BulkReply.properties, results: Type.Array(DayResult) });

/** Applies items in one transaction. Results are in the order of `items`. Throws as `inTenantWithRetries`. */
export function writeDayItems(
  database: Database,
  tenantId: string,
  items: DayItem[],
  author: DayAuthor,
): Promise<DayResult[]> {
  return writeItems(database, tenantId, items, {
    read: readItem,
    write: (days) =>
      inTenantWithRetries(database, tenantId, (tx) => writeRequests(tx, tenantId, days, author)),
  });
}

/** The results that `writeDayItems` would have now, with the days after it. Nothing changes. Throws as `writeDayItems`. */
export async function previewItems(
  database: Database,
  tenantId: string,
  items: DayItem[],
  author: DayAuthor,
): Promise<DayResult[]> {
  let after = new Map<string, DayView>();
  const results = await writeItems(database, tenantId, items, {
    read: readItem,
    write: async (days) => {
      const preview = await previewRequests(database, tenantId, days, author);
      after = preview.after;
      return preview.outcomes;
    },
  });
  return results.map((result, n) => {
    const day = parseDay(items[n]?.day ?? '');
    const view = result.id !== null && day !== undefined && after.get(userDayKey(result.id, day));
    return view ? { ...result, after: view } : result;
  });
}

interface Preview {
  outcomes: RequestOutcome[];
  /** The days after the requests, by `userDayKey`. */
  after: Map<string, DayView>;
}

function previewRequests(
  database: Database,
  tenantId: string,
  requests: DayRequest[],
  author: DayAuthor,
): Promise<Preview> {
  return inTenantRolledBack(database, tenantId, async (tx) => {
    const outcomes = await writeRequests(tx, tenantId, requests, author);
    return { outcomes, after: await viewDaysOf(tx, tenantId, requests) };
  });
}

async function viewDaysOf(tx: Tx, tenantId: string, days: UserDay[]): Promise<Map<string, DayView>> {
  const views = new Map(days.map(({ userId, day }) => [userDayKey(userId, day), viewEmptyDay(day)]));
  for (const row of await listDaysOfUsers(tx, tenantId, days)) {
    views.set(userDayKey(row.userId, row.day), viewDay(row));
  }
  return views;
}
