import type { Server } from './server.ts';
import type { World } from './world.ts';

/** A digest of all rows of an organisation, by table. */
export async function digestsOf({ owner }: Server, { tenantId }: World): Promise<Map<string, string>> {
  return owner.inTenant(tenantId, async (tx) => {
    const { rows: tables } = await tx.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND c.relnamespace = 'rollcall'::regnamespace
       ORDER BY 1`,
    );
    const digests = new Map<string, string>();
    for (const { name } of tables) {
      const { rows } = await tx.query<{ digest: string | null }>(
        `SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS digest FROM rollcall.${name} t WHERE tenant_id = $1`,
        [tenantId],
      );
      digests.set(name, rows[0]?.digest ?? 'empty');
    }
    return digests;
  });
}

/** The tables in which the organisation's rows are no longer what they were. */
export function changedTables(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...after].filter(([name, digest]) => before.get(name) !== digest).map(([name]) => name);
}

/** Looks for texts of organisations in the answers to callers who do not belong to them. */
export class Leaks {
  /** Texts with a marker that callers of another organisation sent: their own organisation may have them now. */
  readonly #sent = new Set<string>();

  /**
   * The fault of an answer that shows something of an organisation with one of these markers. `said` is the request: an
   * answer may repeat it, and later ones may have texts that it named.
   */
  fault(markers: readonly string[], said: string, answer: string): string | undefined {
    const named = markers.filter((marker) => said.includes(marker));
    for (const marker of named)
      for (const [text] of said.matchAll(new RegExp(`[\\p{L}\\p{N} ]*${marker}`, 'gu'))) this.#sent.add(text);
    if (!markers.some((marker) => answer.includes(marker) && !named.includes(marker))) return undefined;
    const unsaid = [...this.#sent].reduce((rest, text) => rest.replaceAll(text, ''), answer);
    const isShown = markers.some((marker) => unsaid.includes(marker) && !named.includes(marker));
    return isShown ? 'The answer shows something of another organisation' : undefined;
  }
}
