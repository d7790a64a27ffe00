import pg from 'pg';
import { vi } from 'vitest';

/** What the change feed asks some times a second, however long the work takes. */
const HEARTBEAT = 'SELECT 1';

/** What some work costs, in units that do not depend on what else the machine does. */
export interface Cost {
  /** Statements, or pipelines of statements, that this process sent to the database: each is a round trip. */
  roundTrips: number;
  /** Processor time that this process spent, in milliseconds. */
  processorMs: number;
}

/** What `work` costs. Nothing else may go on in this process meanwhile. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  const before = process.cpuUsage();
  try {
    await work();
    const { user, system } = process.cpuUsage(before);
    const sent = query.mock.calls.filter(([text]) => String(text) !== HEARTBEAT);
    return { roundTrips: sent.length, processorMs: (user + system) / 1_000 };
  } finally {
    query.mockRestore();
  }
}
