/** Outlines on a grid of 16 by 16. */
const PATHS = {
  none: '',
  tick: 'M3 8.5l3.5 3.5L13 5',
  contrast: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 0v12M8 5l4.8-1M8 8h6M8 11l4.8 1',
  person: 'M8 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14c.5-3 2.7-4 5.5-4s5 1 5.5 4',
  people:
    'M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c.4-2.6 2.2-3.5 4.5-3.5s4.1.9 4.5 3.5M10.5 3.2a2.5 2.5 0 0 1 0 4.6M12 10.2c1.5.4 2.3 1.5 2.5 3.3',
  chart: 'M2.5 2v12H14M5.5 11V8M8.5 11V4M11.5 11V6',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.5 10.5L14 14',
  download: 'M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11',
  plug: 'M5.5 2v3.5M10.5 2v3.5M3.5 5.5h9v2a4.5 4.5 0 0 1-9 0zM8 12v2.5',
  calendar: 'M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3',
  building: 'M3 14V2.5h7V14M10 6.5h3.5V14M1.5 14h13M5.5 5.5h2M5.5 8h2M5.5 10.5h2',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  whole: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  map: 'M2 4l4-1.5 4 1.5 4-1.5v9.5l-4 1.5-4-1.5-4 1.5zM6 2.5v9.5M10 4v9.5',
  close: 'M4 4l8 8M12 4l-8 8',
  undo: 'M5.5 3L2.5 6l3 3M2.5 6h7a3.5 3.5 0 0 1 0 7H6',
  redo: 'M10.5 3l3 3-3 3M13.5 6h-7a3.5 3.5 0 0 0 0 7H10',
  left: 'M10 4L6 8l4 4',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  settings:
    'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.400 3.400l1.400 1.400M11.200 11.200l1.400 1.400M12.600 3.400l-1.400 1.400M4.800 11.200l-1.400 1.400',
} as const;

export type IconName = keyof typeof PATHS;

/** An outline beside a text, or in a button that has a label. Screen readers do not read it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
