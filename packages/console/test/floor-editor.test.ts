import { Rollcall } from '@rollcall/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLondon, manageClient } from '../../server/test/support/manage.ts';
import { startTestServer, type TestServer } from '../../server/test/support/server.ts';
import { listen } from '../../server/test/support/sockets.ts';
import { draftCalls } from '../src/floor/edit/draft-calls.ts';
import { DraftSession } from '../src/floor/edit/draft-session.ts';
import { dragged, moveOf, planAfter } from '../src/floor/edit/drag.ts';
import * as editing from '../src/floor/edit/editor.ts';
import { deskRadius, neighbourOf, type Placement, type Plan, sheetOf } from '../src/floor/plan.ts';
import * as views from '../src/floor/viewport.ts';

const desk = (nodeId: string, x: number, y: number): Placement => ({
  nodeId,
  x,
  y,
  width: null,
  height: null,
});
const area = (nodeId: string, x: number, y: number, width: number, height: number): Placement => ({
  nodeId,
  x,
  y,
  width,
  height,
});
const planWith = (...placements: Placement[]): Plan => ({ imageId: null, aspectRatio: 2, placements });

describe('the plan of an editor', () => {
  const plan = planWith(desk('a', 0.2, 0.2), desk('b', 0.4, 0.2), area('z', 0.5, 0.5, 0.4, 0.2));

  test('undoes and does again each change; changes with one key are one step', () => {
    const first = editing.editorOf(plan);
    const placed = editing.change(first, editing.put(plan, [desk('c', 0.5, 0.5)]));
    let moved = placed;
    for (let press = 0; press < 5; press++) {
      moved = editing.change(moved, editing.move(moved.plan, new Set(['c']), { x: 0.01, y: 0 }), 'keys c');
    }
    expect(moved.plan.placements.at(-1)).toEqual(desk('c', 0.55, 0.5));
    const once = editing.undo(moved);
    expect(once.plan).toBe(placed.plan);
    expect(editing.undo(once).plan).toBe(plan);
    expect(editing.undo(editing.undo(editing.undo(once))).plan).toBe(plan);
    expect(editing.redo(editing.redo(editing.undo(once))).plan).toBe(moved.plan);
    const other = editing.change(once, editing.takeOff(once.plan, new Set(['a'])));
    expect(editing.redo(other)).toBe(other);
  });

  test('selects only what is on it', () => {
    const all = editing.select(editing.editorOf(plan), ['a', 'b', 'gone']);
    expect([...all.selected]).toEqual(['a', 'b']);
    const less = editing.change(all, editing.takeOff(plan, new Set(['a'])));
    expect([...less.selected]).toEqual(['b']);
    expect([...editing.toggle(less, 'b').selected]).toEqual([]);
    expect([...editing.toggle(less, 'z').selected]).toEqual(['b', 'z']);
  });

  test('keeps every place on the sheet, and the distances of those that move together', () => {
    const fraction = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(fraction, fraction, (x, y) => {
        const ids = new Set(['a', 'b', 'z']);
        const after = editing.move(plan, ids, { x, y });
        const [a, b, z] = after.placements as [Placement, Placement, Placement];
        for (const each of after.placements) {
          expect(each.x - (each.width ?? 0) / 2).toBeGreaterThan(-1e-4);
          expect(each.x + (each.width ?? 0) / 2).toBeLessThan(1 + 1e-4);
          expect(each.y - (each.height ?? 0) / 2).toBeGreaterThan(-1e-4);
          expect(each.y + (each.height ?? 0) / 2).toBeLessThan(1 + 1e-4);
        }
        expect(b.x - a.x).toBeCloseTo(0.2, 4);
        expect(z.y - a.y).toBeCloseTo(0.3, 4);
      }),
    );
  });

  test('a handle moves its edges alone, and makes no room smaller than nothing', () => {
    const zone = area('z', 0.5, 0.5, 0.4, 0.2);
    const wider = editing.resized(zone, { x: 1, y: 0 }, { x: 0.1, y: 0.3 });
    expect(wider).toMatchObject({ y: 0.5, height: 0.2 });
    expect(wider.x).toBeCloseTo(0.55);
    expect(wider.width).toBeCloseTo(0.5);
    const corner = editing.resized(zone, { x: -1, y: -1 }, { x: 5, y: 0.05 });
    expect(corner.width).toBeCloseTo(0.01);
    expect(corner.x + (corner.width ?? 0) / 2).toBeCloseTo(0.7);
    expect(corner.height).toBeCloseTo(0.15);
    const out = editing.resized(zone, { x: 0, y: 1 }, { x: 0, y: 9 });
    expect(out.y + (out.height ?? 0) / 2).toBeCloseTo(1);
  });

  test('rows of desks have their order and distances, and fit on the sheet', () => {
    const ids = Array.from({ length: 7 }, (_, index) => `d${index}`);
    const grid = { perRow: 3, columnGap: 0.1, rowGap: 0.1 };
    const placed = editing.gridOf(ids, grid, { x: 0.5, y: 0.5 }, plan);
    expect(placed.map(({ nodeId }) => nodeId)).toEqual(ids);
    expect(placed[1]?.x).toBeCloseTo(0.5);
    // Distances are fractions of the width on both axes; the sheet is twice as wide as high.
    expect((placed[3]?.y ?? 0) - (placed[0]?.y ?? 0)).toBeCloseTo(0.2);
    const many = editing.gridOf(
      Array.from({ length: 400 }, (_, index) => `d${index}`),
      { perRow: 20, columnGap: 0.3, rowGap: 0.3 },
      { x: 0.9, y: 0.1 },
      plan,
    );
    for (const { x, y } of many) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(1 + 1e-9);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  test('a band selects what is wholly in it, in whichever direction it was drawn', () => {
    const found = ['a', 'b'];
    expect(editing.placedWithin(plan, { x: 0.1, y: 0.1 }, { x: 0.5, y: 0.5 })).toEqual(found);
    expect(editing.placedWithin(plan, { x: 0.5, y: 0.5 }, { x: 0.1, y: 0.1 })).toEqual(found);
    expect(editing.placedWithin(plan, { x: 0, y: 0 }, { x: 1, y: 1 })).toEqual(['a', 'b', 'z']);
  });

  test('a drag snaps to the line of another desk, else to the grid', () => {
    const lead = plan.placements[0] as Placement;
    const near = { x: 0.006, y: 0.012 };
    const drag = moveOf(lead, new Set(['a']));
    const atLine = dragged(drag, plan, { x: 0, y: 0 }, { x: 0.197, y: 0.31 }, near);
    expect(atLine).toMatchObject({ snap: { vertical: 0.4, horizontal: undefined } });
    expect(planAfter(plan, atLine).placements[0]?.x).toBe(0.4);
    const free = dragged(drag, plan, { x: 0, y: 0 }, { x: 0.1013, y: 0.1 }, near);
    expect(planAfter(plan, free).placements[0]?.x).toBeCloseTo(0.3);
    const exact = dragged(drag, plan, { x: 0, y: 0 }, { x: 0.1013, y: 0 }, undefined);
    expect(planAfter(plan, exact).placements[0]?.x).toBeCloseTo(0.3013);
  });

  test('tells what publishing changes', () => {
    const before = planWith(desk('a', 0.1, 0.1), desk('b', 0.2, 0.2), desk('c', 0.3, 0.3));
    const after = { ...planWith(desk('a', 0.1, 0.1), desk('b', 0.2, 0.3), desk('d', 0, 0)), imageId: 'i' };
    expect(editing.changesOf(before, after)).toEqual({
      placed: 1,
      moved: 1,
      removed: 1,
      hasOtherImage: true,
    });
    expect(editing.changesOf(undefined, before)).toEqual({
      placed: 3,
      moved: 0,
      removed: 0,
      hasOtherImage: false,
    });
  });
});

describe('a view of the sheet', () => {
  const size = { x: 800, y: 600 };
  const sheet = sheetOf(2);

  test('zooms around a point, which stays where it is', () => {
    const whole = views.fit(size, sheet);
    const at = { x: 300, y: 250 };
    const larger = views.zoom(whole, 3, at, size, sheet);
    expect(larger.scale).toBeCloseTo(3 * whole.scale);
    const [before, after] = [views.sheetPoint(whole, at), views.sheetPoint(larger, at)];
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  test('never loses the sheet, however far somebody moves it', () => {
    const move = fc.integer({ min: -5000, max: 5000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(move, move, fc.double({ min: 0.1, max: 10, noNaN: true }))), (steps) => {
        let view = views.fit(size, sheet);
        for (const [x, y, factor] of steps) {
          view = views.zoom(views.pan(view, { x, y }, size, sheet), factor, size, size, sheet);
        }
        expect(view.x).toBeLessThan(size.x);
        expect(view.y).toBeLessThan(size.y);
        expect(view.x + sheet.x * view.scale).toBeGreaterThan(0);
        expect(view.y + sheet.y * view.scale).toBeGreaterThan(0);
      }),
    );
  });

  test('arrow keys lead to the nearest place in their direction; near desks have small symbols', () => {
    const places = [desk('a', 0.1, 0.1), desk('b', 0.2, 0.12), desk('c', 0.15, 0.6), desk('d', 0.9, 0.1)];
    expect(neighbourOf(places, 'a', 'right', sheet)?.nodeId).toBe('b');
    expect(neighbourOf(places, 'b', 'right', sheet)?.nodeId).toBe('d');
    expect(neighbourOf(places, 'a', 'down', sheet)?.nodeId).toBe('c');
    expect(neighbourOf(places, 'a', 'left', sheet)).toBeUndefined();
    const dense = Array.from({ length: 500 }, (_, index) =>
      desk(`${index}`, (index % 50) / 50, index / 1000),
    );
    expect(deskRadius(dense, sheet)).toBeLessThan(deskRadius(places, sheet));
  });
});

describe('the draft of an editor', () => {
  let server: TestServer;
  let levelId: string;
  let desks: string[];
  let ada: Rollcall;
  let client: Rollcall;
  /** What the connection of `client` does with the next requests. */
  let faults: ('down' | 'loses the answer')[];
  let stores: number;
  beforeAll(async () => {
    server = await startTestServer();
    const tenantId = await server.organisation();
    const manage = await manageClient(server, tenantId);
    ({ levelId } = await makeLondon(manage));
    const key = { ...(await server.key(tenantId)), baseUrl: await listen(server) };
    ada = new Rollcall({ ...key, authentication: 'client-credentials' });
    client = new Rollcall({
      ...key,
      authentication: 'client-credentials',
      maxRetries: 0,
      fetch: async (input, init) => {
        const isStore = init?.method === 'PUT';
        const fault = isStore ? faults.shift() : undefined;
        if (isStore) stores++;
        if (fault === 'down') throw new TypeError('The connection is down.');
        const answer = await fetch(input, init);
        if (fault) throw new TypeError('The answer is lost.');
        return answer;
      },
    });
    desks = (await manage.list('desks')).map(({ deskId }) => String(deskId));
  });
  afterAll(() => server.close());

  /** A session of a new draft with one desk. */
  const begin = async () => {
    faults = [];
    stores = 0;
    await ada.manage.floorPlans.discardDraft(levelId).catch(() => undefined);
    const calls = draftCalls(client, levelId);
    const session = new DraftSession(calls, await calls.store(planOn(0.1), null, null));
    stores = 0;
    return session;
  };
  const planOn = (x: number) => planWith(desk(desks[0] ?? '', x, 0.1));
  const moveTo = (session: DraftSession, x: number) =>
    session.update((editor) => editing.change(editor, editing.put(editor.plan, planOn(x).placements)));
  const shownX = (session: DraftSession) => session.state().editor.plan.placements[0]?.x;
  const storedX = async () => (await ada.manage.floorPlans.readDraft(levelId))?.row.placements[0]?.x;
  const storeOfAda = (x: number) =>
    ada.manage.floorPlans.saveDraft(levelId, { ...planOn(x), placements: [...planOn(x).placements] });

  test('is stored once for changes that follow one another quickly', async () => {
    const session = await begin();
    for (const x of [0.2, 0.3, 0.4]) moveTo(session, x);
    expect(session.state().store.kind).toBe('waiting');
    await expect.poll(() => session.state().store.kind).toBe('stored');
    expect([await storedX(), stores]).toEqual([0.4, 1]);
  });

  test('keeps everything while the server cannot be reached, and is stored when it is back', async () => {
    const session = await begin();
    faults = ['down', 'down'];
    moveTo(session, 0.2);
    expect([await session.flush(), session.state().store.kind]).toEqual([false, 'failed']);
    moveTo(session, 0.3);
    expect([await session.flush(), session.state().store.kind]).toEqual([false, 'failed']);
    expect(await storedX()).toBe(0.1);
    await expect.poll(() => session.state().store.kind, { timeout: 10_000 }).toBe('stored');
    expect([await storedX(), shownX(session)]).toEqual([0.3, 0.3]);
  });

  test('takes its own version for nobody else’s when only an answer was lost', async () => {
    const session = await begin();
    faults = ['loses the answer'];
    moveTo(session, 0.2);
    expect(await session.flush()).toBe(false);
    expect(await storedX()).toBe(0.2);
    moveTo(session, 0.3);
    expect([await session.flush(), await storedX()]).toEqual([true, 0.3]);
    faults = ['loses the answer'];
    moveTo(session, 0.4);
    expect(await session.flush()).toBe(false);
    expect([await session.flush(), await storedX()]).toEqual([true, 0.4]);
  });

  test('of two people waits for a choice, and then stores mine, or takes theirs and can bring mine back', async () => {
    for (const choice of ['mine', 'theirs'] as const) {
      const session = await begin();
      await storeOfAda(0.9);
      moveTo(session, 0.2);
      await session.flush();
      const { store } = session.state();
      expect(store.kind === 'conflict' && store.theirs?.row.placements[0]?.x).toBe(0.9);
      moveTo(session, 0.3);
      expect(await session.flush()).toBe(false);
      expect([await storedX(), shownX(session)]).toEqual([0.9, 0.3]);
      if (choice === 'mine') {
        await session.keepMine();
      } else {
        session.takeTheirs();
        expect([session.isStored, shownX(session)]).toEqual([true, 0.9]);
        session.update(editing.undo);
        await session.flush();
      }
      expect([session.isStored, await storedX(), shownX(session)]).toEqual([true, 0.3, 0.3]);
    }
  });

  test('that somebody else discarded is kept, and can be stored again', async () => {
    const session = await begin();
    await ada.manage.floorPlans.discardDraft(levelId);
    moveTo(session, 0.2);
    await session.flush();
    expect(session.state().store).toEqual({ kind: 'conflict', theirs: null });
    await session.keepMine();
    expect([session.isStored, await storedX()]).toEqual([true, 0.2]);
  });
});
