import './virtual-list.css';
import { type ReactNode, type UIEvent, useEffect, useState } from 'react';

interface VirtualListProps {
  /** The name of the list for screen readers. */
  label: string;
  count: number;
  /** The height of each row, in pixels. */
  rowHeight: number;
  /** The height of the list, in pixels. */
  height: number;
  row: (index: number) => ReactNode;
  /** Asks for more rows, because the last one is near. Undefined if no row follows. */
  onNearEnd?: (() => void) | undefined;
}

/** So many rows above and below the visible ones are there, too, so that the Tab key reaches them. */
const ROWS_AROUND = 8;

/** A list that scrolls. Only the rows near the visible ones are in the document. */
export function VirtualList({ label, count, rowHeight, height, row, onNearEnd }: VirtualListProps) {
  const [top, setTop] = useState(0);
  const first = Math.max(0, Math.floor(top / rowHeight) - ROWS_AROUND);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + ROWS_AROUND);
  const isNearEnd = end >= count;
  useEffect(() => {
    if (isNearEnd) onNearEnd?.();
  }, [isNearEnd, onNearEnd]);
  const indexes = Array.from({ length: Math.max(0, end - first) }, (_, n) => first + n);
  return (
    <ul
      aria-label={label}
      className="virtual-list"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard, too.
      tabIndex={0}
      style={{ maxHeight: height }}
      onScroll={({ currentTarget }: UIEvent<HTMLUListElement>) => setTop(currentTarget.scrollTop)}
    >
      <li aria-hidden="true" style={{ height: first * rowHeight }} />
      {indexes.map((index) => (
        <li
          key={index}
          aria-posinset={index + 1}
          aria-setsize={onNearEnd ? -1 : count}
          style={{ height: rowHeight }}
        >
          {row(index)}
        </li>
      ))}
      <li aria-hidden="true" style={{ height: (count - end) * rowHeight }} />
    </ul>
  );
}
