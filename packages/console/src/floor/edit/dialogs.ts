import { lazy } from 'react';

const publish = () => import('./publish-dialog.tsx');
const discard = () => import('./discard-dialog.tsx');
const rows = () => import('./rows-dialog.tsx');
const conflict = () => import('./conflict-notice.tsx');

export const PublishDialog = lazy(publish);
export const DiscardDialog = lazy(discard);
export const RowsDialog = lazy(rows);
export const ConflictNotice = lazy(conflict);

/** Loads the dialogs and the notice after the page, so that they open although the server has gone away meanwhile. */
export function loadDialogs(): void {
  for (const load of [publish, discard, rows, conflict]) load().catch(() => undefined);
}
