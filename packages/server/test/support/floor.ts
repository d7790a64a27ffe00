import { type ManageClient, manageClient } from './manage.ts';
import type { TestServer } from './server.ts';

export interface PlanBody {
  imageId: string | null;
  aspectRatio: number;
  placements: { nodeId: string; x: number; y: number; width: number | null; height: number | null }[];
  hidden: number;
}

export type DraftBody = PlanBody & {
  levelId: string;
  basedOn: number;
  changedAt: string;
  changedBy: string;
};

export interface LevelPlanBody {
  levelId: string;
  published: (PlanBody & { version: number; publishedAt: string; publishedBy: string | null }) | null;
  hasDraft: boolean;
}

export interface UploadBody {
  imageId: string;
  mediaType: string;
  width: number;
  height: number;
  bytes: number;
  removed: string[];
}

export interface FloorPerson {
  userId: string;
  name: string;
  state: string;
  bookedNodeId: string | null;
  bookedName: string | null;
  detectedNodeId: string | null;
  detectedName: string | null;
  firstSeenAt: string | null;
  lastSeenAt: string | null;
}

export interface FloorItem {
  nodeId: string;
  kind: 'place' | 'space' | 'zone';
  name: string;
  zoneId: string | null;
  state: string;
  people: FloorPerson[];
  owner?: { userId: string; name: string } | null;
  booked?: number;
  here?: number;
  capacity?: number | null;
  occupancy?: { occupied: boolean; occupancy: number | null; observedAt: string } | null;
}

export interface FloorDay {
  levelId: string;
  date: string;
  timeZone: string;
  isOver: boolean;
  items: FloorItem[];
  others: FloorPerson[];
  counts: Record<string, number>;
  attendance: Record<string, number>;
}

export interface PositionReport {
  created: number;
  updated: number;
  unchanged: number;
  refused: number;
  stored: boolean;
  refusals: { line: number; reason: string }[];
}

export type FloorClient = ManageClient & Awaited<ReturnType<typeof floorClient>>;

/** A client of an organisation's floor plans. Without `given`, the organisation is new. */
export async function floorClient(server: TestServer, given?: string) {
  const client = await manageClient(server, given);
  const { authorization } = client;
  const inject = (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    headers: Record<string, string> = {},
    payload?: object | string,
  ) =>
    server.app.inject({
      method,
      url: `/v1/manage/${path}`,
      headers: { authorization, ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
  const ok = (reply: { statusCode: number; body: string }) => {
    if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
    return JSON.parse(reply.body);
  };
  const upload = (levelId: string, content: Buffer | string, type: string) =>
    inject('POST', `levels/${levelId}/floor-plan/images`, { 'content-type': type }, Buffer.from(content));
  return {
    ...client,
    inject,
    plan: async (levelId: string): Promise<LevelPlanBody> =>
      ok(await inject('GET', `levels/${levelId}/floor-plan`)),
    putDraft: async (levelId: string, plan: object, headers: Record<string, string> = {}) => {
      const reply = await inject('PUT', `levels/${levelId}/floor-plan/draft`, headers, plan);
      return { body: ok(reply) as DraftBody, etag: String(reply.headers.etag) };
    },
    publish: async (levelId: string, headers: Record<string, string> = {}): Promise<LevelPlanBody> =>
      ok(await inject('POST', `levels/${levelId}/floor-plan/publication`, headers)),
    floor: async (levelId: string, date: string): Promise<FloorDay> =>
      ok(await inject('GET', `levels/${levelId}/floor?date=${date}`)),
    /** Imports a file of floor positions. Returns the report. */
    importPositions: async (file: string, query = ''): Promise<PositionReport> =>
      ok(await inject('POST', `imports/floor-positions${query}`, { 'content-type': 'text/csv' }, file)),
    /** Submits occupancy that the server must store. */
    occupancy: async (occupancyEvents: object[]): Promise<void> => {
      const reply = await server.app.inject({
        method: 'POST',
        url: '/v1/occupancy',
        headers: { authorization },
        payload: { sourceId: 'sensor', occupancyEvents },
      });
      if (reply.json().results?.some((result: { resultCode: number }) => result.resultCode !== 0))
        throw new Error(reply.body);
    },
    /** The answer to an upload, whatever it is. */
    upload,
    /** Sends an image that the server must accept. */
    image: async (levelId: string, content: Buffer | string, type = 'image/png'): Promise<UploadBody> =>
      ok(await upload(levelId, content, type)),
  };
}

/** An SVG of 300 × 200 with this content. */
export function svg(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 300 200">${content}</svg>`;
}
