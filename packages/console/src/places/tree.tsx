import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { formatWhole } from '../frame/format.ts';
import { Icon } from '../frame/icon.tsx';
import { texts } from '../texts.ts';
import type { TreeRow } from './tree-data.ts';

const { places } = texts;
/** In pixels; the style sheet has the same height. */
const ROW_HEIGHT = 30;
const ROWS_AROUND = 10;
const ROWS_OF_A_PAGE = 15;
const INDENT = 18;

interface TreeProps {
  rows: readonly TreeRow[];
  open: string | undefined;
  onOpen: (nodeId: string) => void;
  onToggle: (nodeId: string) => void;
}

/**
 * A tree by the pattern of WAI-ARIA: one stop of the Tab key, and arrow keys within. Only the rows near the visible ones
 * are in the document.
 */
export function Tree({ rows, open, onOpen, onToggle }: TreeProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState(open);
  const found = rows.findIndex(({ node }) => node.nodeId === cursor);
  const current = Math.max(0, found);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: ROWS_AROUND,
  });
  useEffect(() => setCursor(open), [open]);
  const isThere = found >= 0;
  useLayoutEffect(() => {
    if (isThere) virtualizer.scrollToIndex(current);
  }, [isThere, current, virtualizer]);
  const moveTo = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row) setCursor(row.node.nodeId);
  };
  const press = (event: KeyboardEvent) => {
    const row = rows[current];
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    const action = {
      ArrowDown: () => moveTo(current + 1),
      ArrowUp: () => moveTo(current - 1),
      PageDown: () => moveTo(current + ROWS_OF_A_PAGE),
      PageUp: () => moveTo(current - ROWS_OF_A_PAGE),
      Home: () => moveTo(0),
      End: () => moveTo(rows.length - 1),
      ArrowRight: () => {
        if (row.isExpanded) moveTo(current + 1);
        else if (row.node.children > 0) onToggle(row.node.nodeId);
      },
      ArrowLeft: () => {
        if (row.isExpanded) onToggle(row.node.nodeId);
        else moveTo(rows.findIndex(({ node }) => node.nodeId === row.node.parentId));
      },
      Enter: () => onOpen(row.node.nodeId),
      ' ': () => onOpen(row.node.nodeId),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  return (
    <div
      ref={box}
      role="tree"
      aria-label={places.tree}
      aria-activedescendant={rows[current] && `${id}${rows[current].node.nodeId}`}
      tabIndex={0}
      className="tree"
      onKeyDown={press}
    >
      <div role="none" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return (
            row && (
              <Line
                key={row.node.nodeId}
                id={`${id}${row.node.nodeId}`}
                row={row}
                top={start}
                isOpen={row.node.nodeId === open}
                isCurrent={index === current}
                onOpen={onOpen}
                onToggle={onToggle}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

interface LineProps extends Pick<TreeProps, 'onOpen' | 'onToggle'> {
  id: string;
  row: TreeRow;
  top: number;
  isOpen: boolean;
  isCurrent: boolean;
}

function Line({ id, row, top, isOpen, isCurrent, onOpen, onToggle }: LineProps) {
  const { node, level, isExpanded, isLoading, position, siblings } = row;
  const { nodeId, kind, name, status, children } = node;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys.
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus, and names its active row.
    <div
      id={id}
      role="treeitem"
      aria-level={level}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-selected={isOpen}
      {...(children > 0 ? { 'aria-expanded': isExpanded } : {})}
      className="tree-row"
      data-current={isCurrent || undefined}
      style={{ top, paddingLeft: (level - 1) * INDENT }}
      onClick={() => onOpen(nodeId)}
    >
      <span
        className="tree-arrow"
        aria-hidden="true"
        onClick={(event) => {
          if (children === 0) return;
          event.stopPropagation();
          onToggle(nodeId);
        }}
      >
        <Icon name={children === 0 ? 'none' : isExpanded ? 'down' : 'right'} />
      </span>
      <span className="tree-name">{name}</span>
      <span className="tree-note">
        {[
          places.kinds[kind],
          ...(children > 0 ? [formatWhole(children)] : []),
          ...(status === 'inactive' ? [places.retired] : []),
          ...(isLoading ? [places.loading] : []),
        ].join(' · ')}
      </span>
    </div>
  );
}
