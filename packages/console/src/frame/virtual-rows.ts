import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect } from 'react';

export interface VirtualRowsProps {
  count: number;
  /** The height of a row, in pixels. A row that is measured may have another one. */
  rowHeight: number;
  /** So many rows above and below the visible ones are there, too, so that the Tab key reaches them. */
  rowsAround: number;
  /** Asks for more rows, because the last one is near. Undefined if no row follows. */
  onNearEnd?: (() => void) | undefined;
}

/** The rows of a list that are near the visible ones, and the heights of the others above and below them, in pixels. */
export function useVirtualRows<Box extends HTMLElement>(
  box: RefObject<Box | null>,
  { count, rowHeight, rowsAround, onNearEnd }: VirtualRowsProps,
) {
  const virtualizer = useVirtualizer<Box, HTMLTableRowElement>({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: rowsAround,
  });
  const rows = virtualizer.getVirtualItems();
  const isNearEnd = (rows.at(-1)?.index ?? -1) >= count - 1;
  useEffect(() => {
    if (isNearEnd) onNearEnd?.();
  }, [isNearEnd, onNearEnd]);
  return {
    virtualizer,
    rows,
    above: rows[0]?.start ?? 0,
    below: virtualizer.getTotalSize() - (rows.at(-1)?.end ?? 0),
  };
}
