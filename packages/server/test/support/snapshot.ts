import pg from 'pg';
import { inject } from 'vitest';
import type { TestDatabase } from './database.ts';

/** The rows of every table, by table name, with the transactions that wrote them. */
export async function snapshotOf({ target }: TestDatabase): Promise<Record<string, string>> {
  const { database } = target as pg.ClientConfig;
  const client = new pg.Client({ ...inject('adminTarget'), database } as pg.ClientConfig);
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    const snapshot: Record<string, string> = {};
    for (const { name } of tables) {
      const { rows } = await client.query<{ content: string }>(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text || t.xmin, ',' ORDER BY t::text, t.xmin::text)), '') AS content
         FROM ${name} t`,
      );
      snapshot[name] = rows[0]?.content ?? '';
    }
    return snapshot;
  } finally {
    await client.end();
  }
}
