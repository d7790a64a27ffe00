import pg from 'pg';
import { vi } from 'vitest';

/** The query that the listener for credential changes sends a few times a second, regardless of the work. */
const HEARTBEAT = 'SELECT 1';

/** The cost of some work, in units that do not depend on other load of the machine. */
export interface Cost {
  /** The statements, or pipelines of statements, that this process sent to the database. Each is a round trip. */
  roundTrips: number;
  /** Processor time that this process spent, in milliseconds. */
  processorMs: number;
}

/** The cost of `work`. This process must do nothing else meanwhile. */
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
