import { groupBy } from '../store/values/group-by.ts';
import type { DemoOffice } from './offices.ts';

/** A part of a sheet, in its units. */
interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The floor plan of a level of the demo. */
export interface DemoFloorPlan {
  levelId: string;
  /** The drawing below the places. */
  svg: string;
  aspectRatio: number;
  placements: { nodeId: string; x: number; y: number; width: number | null; height: number | null }[];
}

const SHEET = { width: 1200, height: 800 };
/** Where zones and rooms are, by their names. Between the two rows is the corridor. */
const AREAS: Record<string, Area> = {
  North: { x: 40, y: 40, width: 520, height: 310 },
  South: { x: 40, y: 450, width: 520, height: 310 },
  Quiet: { x: 580, y: 40, width: 280, height: 310 },
  Lounge: { x: 580, y: 450, width: 280, height: 310 },
  Boardroom: { x: 880, y: 40, width: 280, height: 165 },
  Huddle: { x: 880, y: 225, width: 165, height: 125 },
  'Phone booth': { x: 1065, y: 225, width: 95, height: 125 },
};
const CORE: Area = { x: 880, y: 450, width: 280, height: 310 };
const DESK = { width: 44, height: 26 };
/** The room that a desk needs, with its chair. */
const DESK_ROOM = { width: 60, height: 62 };

/** The floor plans of an office: each level has walls, a corridor, and its zones, rooms and desks in their places. */
export function makeFloorPlans({ name, desks, lounges, spaces }: DemoOffice): DemoFloorPlan[] {
  const spacesOf = groupBy(spaces, ({ levelId }) => levelId);
  const loungeOf = new Map(lounges.map((lounge) => [lounge.levelId, lounge]));
  return [...groupBy(desks, ({ levelId }) => levelId ?? '')].map(([levelId, ofLevel]) => {
    const zones = [...groupBy(ofLevel, ({ zoneId }) => zoneId ?? '')].map(([zoneId, ofZone]) => ({
      zoneId,
      area: areaOf(ofZone[0]?.zoneName),
      deskIds: ofZone.map(({ deskId }) => deskId),
    }));
    const seats = zones.flatMap(({ area, deskIds }) => seatsIn(area, deskIds));
    const lounge = loungeOf.get(levelId);
    const rooms = (spacesOf.get(levelId) ?? []).map(({ spaceId, spaceName }) => ({
      nodeId: spaceId,
      area: areaOf(spaceName),
    }));
    return {
      levelId,
      svg: draw(`${name}, ${ofLevel[0]?.levelName}`, seats),
      aspectRatio: SHEET.width / SHEET.height,
      placements: [
        ...zones.map(({ zoneId, area }) => ({ nodeId: zoneId, ...placed(area) })),
        ...(lounge ? [{ nodeId: lounge.zoneId, ...placed(areaOf('Lounge')) }] : []),
        ...rooms.map(({ nodeId, area }) => ({ nodeId, ...placed(area) })),
        ...seats.map(({ deskId, x, y }) => ({
          nodeId: deskId,
          x: rounded(x / SHEET.width),
          y: rounded(y / SHEET.height),
          width: null,
          height: null,
        })),
      ],
    };
  });
}

interface Seat {
  deskId: string;
  x: number;
  y: number;
}

/** Desks in rows, which fill the area from its top left. */
function seatsIn({ x, y, width, height }: Area, deskIds: string[]): Seat[] {
  const columns = Math.max(1, Math.floor(width / DESK_ROOM.width));
  const rows = Math.max(Math.ceil(deskIds.length / columns), 1);
  const step = Math.min(DESK_ROOM.height, height / rows);
  return deskIds.map((deskId, index) => ({
    deskId,
    x: x + (width / columns) * ((index % columns) + 0.5),
    y: y + step * (Math.floor(index / columns) + 0.5),
  }));
}

function areaOf(name = ''): Area {
  const area = AREAS[name];
  if (!area) throw new Error(`The plan of the demo has no area ${name}.`);
  return area;
}

function placed({ x, y, width, height }: Area) {
  return {
    x: rounded((x + width / 2) / SHEET.width),
    y: rounded((y + height / 2) / SHEET.height),
    width: rounded(width / SHEET.width),
    height: rounded(height / SHEET.height),
  };
}

function rounded(fraction: number): number {
  return Math.round(fraction * 10_000) / 10_000;
}

function draw(title: string, seats: Seat[]): string {
  const tables = seats.map(
    ({ x, y }) =>
      rect({ x: x - DESK.width / 2, y: y - DESK.height / 2, ...DESK }, 'desk', 4) +
      `<circle class="chair" cx="${x}" cy="${y + DESK.height / 2 + 9}" r="7"/>`,
  );
  const rooms = ['Boardroom', 'Huddle', 'Phone booth'].map((name) => rect(areaOf(name), 'wall'));
  const floors = ['North', 'South', 'Quiet', 'Lounge'].map((name) => rect(areaOf(name), 'carpet', 8));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SHEET.width}" height="${SHEET.height}" viewBox="0 0 ${SHEET.width} ${SHEET.height}">`,
    `<title>${title}</title>`,
    '<style>.floor{fill:#fbfbfa}.outer{fill:none;stroke:#495057;stroke-width:8}.wall{fill:#fff;stroke:#868e96;stroke-width:4}' +
      '.carpet{fill:#f1f3f5}.corridor{fill:#e9ecef}.desk{fill:#e8dcc8;stroke:#b8a88a}.chair{fill:#ced4da}' +
      '.line{stroke:#868e96;stroke-width:3}.door{stroke:#fbfbfa;stroke-width:6}.sofa{fill:#c5d5e4}.label{fill:#868e96;font:16px sans-serif}</style>',
    rect({ x: 0, y: 0, ...SHEET }, 'floor'),
    rect({ x: 20, y: 365, width: 1160, height: 70 }, 'corridor'),
    ...floors,
    ...rooms,
    ...tables,
    ...lounge(areaOf('Lounge')),
    ...core(CORE),
    '<path class="door" d="M940 205h60M940 350h50M1090 350h40M940 450h70"/>',
    rect({ x: 20, y: 20, width: 1160, height: 760 }, 'outer', 6),
    `<text class="label" x="40" y="406">${title}</text>`,
    '</svg>',
  ].join('');
}

function lounge({ x, y, width, height }: Area): string[] {
  return [
    rect({ x: x + 20, y: y + 30, width: width - 40, height: 44 }, 'sofa', 14),
    rect({ x: x + 20, y: y + height - 74, width: width - 40, height: 44 }, 'sofa', 14),
    `<circle class="desk" cx="${x + width / 2}" cy="${y + height / 2}" r="36"/>`,
  ];
}

/** Stairs and lifts. */
function core({ x, y, width, height }: Area): string[] {
  const steps = Array.from(
    { length: 9 },
    (_, step) => `M${x + 20 + step * 14} ${y + 30}v${height - 60}`,
  ).join('');
  return [
    rect({ x, y, width, height }, 'wall'),
    `<path class="line" d="${steps}"/>`,
    ...[0, 1].map((lift) =>
      rect({ x: x + width - 100, y: y + 40 + lift * 120, width: 80, height: 100 }, 'carpet'),
    ),
    `<text class="label" x="${x + width - 82}" y="${y + 95}">Lift</text>`,
  ];
}

function rect({ x, y, width, height }: Area, style: string, corner = 0): string {
  return `<rect class="${style}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${corner}"/>`;
}
