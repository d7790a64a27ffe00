import type { Tx } from '../store/connections/db.ts';
import { INTERNAL_COLUMNS } from '../store/privacy/category.ts';
import { REFUSED_EVENTS } from '../store/privacy/event-categories.ts';
import { readVisitorRows, VISITOR_CATEGORIES, type VisitorSubject } from '../store/privacy/visitor-rows.ts';
import { exportFiles } from './export-files.ts';
import { selectRefusedVisits } from './refused-events.ts';
import type { ZippedFile } from './zip-file.ts';

const { user_id: _, ...OF_ALL } = INTERNAL_COLUMNS;

export interface VisitorExport {
  tenantId: string;
  visitor: VisitorSubject;
  createdAt: Date;
}

/** The files of an export of everything that is held about a visitor. See `exportFiles`. */
export function visitorFiles(
  tx: Tx,
  { tenantId, visitor, createdAt }: VisitorExport,
): AsyncGenerator<ZippedFile, void> {
  const select = selectRefusedVisits(visitor);
  return exportFiles(tx, {
    tenantId,
    createdAt,
    categories: VISITOR_CATEGORIES,
    read: async function* (category) {
      for await (const rows of readVisitorRows(tx, category, tenantId, visitor))
        yield category.name === REFUSED_EVENTS ? select(rows) : rows;
    },
    subject: { visitor },
    datasets: ['visitors'],
    leftOutOfAll: OF_ALL,
  });
}
