import { useId } from 'react';

/** How an area is filled. Each differs from the others by its pattern as well as by its colour. */
export type Fill = 'solid' | 'hatched' | 'dotted' | 'lined';

const PATTERNS: Record<Fill, string> = {
  solid: '',
  hatched: 'M-2 2L2 -2M0 8L8 0M6 10L10 6',
  dotted: 'M2 2h.01M6 6h.01',
  lined: 'M0 2h8M0 6h8',
};

/** The patterns that `fill="url(#id-name)"` names. */
export function Patterns({ id }: { id: string }) {
  return (
    <defs>
      {Object.entries(PATTERNS).map(([name, path]) => (
        <pattern
          key={name}
          id={`${id}-${name}`}
          width="8"
          height="8"
          patternUnits="userSpaceOnUse"
          className={`pattern ${name}`}
        >
          <rect width="8" height="8" />
          <path d={path} />
        </pattern>
      ))}
    </defs>
  );
}

/** A small area with the fill, or a line, for a legend. */
export function Swatch({ fill }: { fill: Fill | 'line' }) {
  const id = useId();
  return (
    <svg width="16" height="12" aria-hidden="true" focusable="false">
      {fill === 'line' ? (
        <line className="reference" x1="0" x2="16" y1="6" y2="6" />
      ) : (
        <>
          <Patterns id={id} />
          <rect
            className={`bar ${fill}`}
            fill={`url(#${id}-${fill})`}
            x="0.5"
            y="0.5"
            width="15"
            height="11"
          />
        </>
      )}
    </svg>
  );
}
