import pg from 'pg';
import { vi } from 'vitest';

/**
 * What every server sends regardless of the work: the listener for credential changes a few times a second, and the count of
 * live processes every two seconds.
 */
const HEARTBEATS = ['SELECT 1', 'SELECT note_server_process($1)'];

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
    const sent = query.mock.calls.filter(([text]) => !HEARTBEATS.includes(String(text)));
    return { roundTrips: sent.length, processorMs: (user + system) / 1_000 };
  } finally {
    query.mockRestore();
  }
}
