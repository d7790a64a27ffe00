import type { Database } from './db.ts';
import type { PipelineResults, PreparedStatement } from './pipeline.ts';
import { isUnavailable } from './unavailable.ts';

/**
 * Runs the statements of several organisations as one transaction, in one round trip; each organisation's run after it has
 * entered it. If the database refuses it, runs
 * each half of the organisations alone, so that the faulty row of one organisation costs no other one. Returns the error
 * of each organisation of which nothing was committed. While the database is unavailable, that is all of them. Calls
 * `committed` with the results of the statements of each other organisation.
 */
export async function runForTenants(
  database: Pick<Database, 'runEventPipeline'>,
  tenantIds: readonly string[],
  statementsOf: (tenantId: string) => readonly PreparedStatement[],
  committed: (tenantId: string, results: PipelineResults) => void = () => undefined,
): Promise<Map<string, unknown>> {
  const failures = new Map<string, unknown>();
  // In one order, so that no two transactions wait for each other.
  const waiting = tenantIds.length > 0 ? [tenantIds.toSorted()] : [];
  for (let batch = waiting.pop(); batch; batch = waiting.pop()) {
    try {
      const statements = batch.map((tenantId) => [entering(tenantId), ...statementsOf(tenantId)]);
      const results = await database.runEventPipeline(statements.flat());
      let at = 0;
      for (const [index, tenantId] of batch.entries()) {
        const end = at + (statements[index]?.length ?? 0);
        committed(tenantId, results.slice(at + 1, end));
        at = end;
      }
    } catch (error) {
      if (batch.length > 1 && !isUnavailable(error)) {
        const half = Math.ceil(batch.length / 2);
        waiting.push(batch.slice(half), batch.slice(0, half));
      } else {
        for (const tenantId of batch) failures.set(tenantId, error);
      }
    }
  }
  return failures;
}

function entering(tenantId: string): PreparedStatement {
  return {
    name: 'enter tenant',
    text: "SELECT set_config('rollcall.tenant_id', $1, true)",
    values: [tenantId],
  };
}
