import type pg from 'pg';
import Cursor from 'pg-cursor';
import { isoDay, isoInstant } from '../values/iso.ts';
import type { Tx } from './db.ts';

const OID = { timestamptz: 1184, date: 1082 } as const;
const ROWS_PER_READ = 250;

/**
 * Parsers for exports: days and instants in the format of an answer, read from PostgreSQL's own text without a Date.
 */
const exportTypes = (base: pg.CustomTypesConfig): pg.CustomTypesConfig =>
  ({
    getTypeParser(oid: number, format?: 'text' | 'binary') {
      if (format !== 'binary' && oid === OID.timestamptz) return isoInstant;
      if (format !== 'binary' && oid === OID.date) return isoDay;
      return base.getTypeParser(oid, format);
    },
  }) as pg.CustomTypesConfig;

/**
 * Yields the rows of a query, `rowsPerRead` at a time, and reads only as fast as the caller takes them. Instants have
 * the form `2026-01-31T09:00:00.000Z`, days `2026-01-31T00:00:00.000Z`. Call it inside a transaction whose time zone
 * is UTC.
 */
export async function* readRows<Row>(
  tx: Tx,
  types: pg.CustomTypesConfig,
  sql: string,
  values: unknown[],
  rowsPerRead = ROWS_PER_READ,
): AsyncGenerator<Row[], void> {
  const cursor = tx.query(new Cursor<Row>(sql, values, { types: exportTypes(types) }));
  // Closing waits for the server's answer, which never comes on a broken connection.
  let onLost = (): void => undefined;
  const lost = new Promise<void>((resolve) => {
    onLost = resolve;
  });
  cursor.once('error', onLost);
  tx.once('end', onLost);
  try {
    for (;;) {
      const rows = await cursor.read(rowsPerRead);
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    await Promise.race([cursor.close(), lost]);
    tx.off('end', onLost);
  }
}
