import './virtual-list.css';
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import { useVirtualRows } from './virtual-rows.ts';

interface VirtualListProps {
  /** The name of the list for screen readers. */
  label: string;
  count: number;
  /** The height of each row, in pixels. */
  rowHeight: number;
  /** The height of the list, in pixels. */
  height: number;
  row: (index: number) => ReactNode;
  /** The list scrolls to this row when it becomes another one. */
  shown?: number | undefined;
  /** Asks for more rows, because the last one is near. Undefined if no row follows. */
  onNearEnd?: (() => void) | undefined;
}

const ROWS_AROUND = 8;

/**
 * A list that scrolls. Only the rows near the visible ones are in the document. The up and down arrows move the focus from
 * one row's first control to that of the next.
 */
export function VirtualList({
  label,
  count,
  rowHeight,
  height,
  row,
  shown = -1,
  onNearEnd,
}: VirtualListProps) {
  const box = useRef<HTMLUListElement>(null);
  const { virtualizer, rows, above, below } = useVirtualRows(box, {
    ...{ count, rowHeight, onNearEnd },
    rowsAround: ROWS_AROUND,
  });
  useEffect(() => {
    if (shown >= 0) virtualizer.scrollToIndex(shown);
  }, [shown, virtualizer]);
  return (
    <ul
      ref={box}
      aria-label={label}
      className="virtual-list"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard, too.
      tabIndex={0}
      style={{ maxHeight: height }}
      onKeyDown={moveFocus}
    >
      <li aria-hidden="true" style={{ height: above }} />
      {rows.map(({ index }) => (
        <li
          key={index}
          aria-posinset={index + 1}
          aria-setsize={onNearEnd ? -1 : count}
          style={{ height: rowHeight }}
        >
          {row(index)}
        </li>
      ))}
      <li aria-hidden="true" style={{ height: below }} />
    </ul>
  );
}

const CONTROLS = 'a[href], button, input';

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const { key, target } = event;
  if ((key !== 'ArrowDown' && key !== 'ArrowUp') || event.altKey || event.ctrlKey || event.metaKey) return;
  const row = (target as Element).closest('li');
  const other = key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const control = other?.querySelector<HTMLElement>(CONTROLS);
  if (!control) return;
  event.preventDefault();
  control.focus();
}
