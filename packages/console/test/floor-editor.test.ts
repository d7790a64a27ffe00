import { ConflictError, NetworkError, Rollcall } from '@rollcall/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLondon, manageClient } from '../../server/test/support/manage.ts';
import { startTestServer, type TestServer } from '../../server/test/support/server.ts';
import { listen } from '../../server/test/support/sockets.ts';
import { changesOf } from '../src/floor/edit/changes.ts';
import { NotStoredError, type UnstoredDraft } from '../src/floor/edit/draft.ts';
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
    expect(changesOf(before, after)).toEqual({
      placed: 1,
      moved: 1,
      removed: 1,
      hasOtherImage: true,
    });
    expect(changesOf(undefined, before)).toEqual({
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

/** A key that no server has. */
const UNKNOWN_KEY = { apiKey: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c04', secret: 'unknown' };

/** What the connection does with a change of a plan: it fails, loses the answer, or waits for a moment. */
type Fault = 'down' | 'loses the answer' | Promise<void>;
/** Longer than any test: the session tries again by itself after two seconds. */
const STAYS_DOWN = Array<Fault>(100).fill('down');

describe('the draft of an editor', () => {
  let server: TestServer;
  let baseUrl: string;
  let levelId: string;
  let zoneId: string;
  let otherZoneId: string;
  let desks: string[];
  let ada: Rollcall;
  let client: Rollcall;
  /** What happens to the next changes by `client`, by their methods. */
  let faults: Partial<Record<string, Fault[]>>;
  let stores: number;
  let signedOut: number;
  beforeAll(async () => {
    server = await startTestServer();
    const tenantId = await server.organisation();
    const manage = await manageClient(server, tenantId);
    const london = await makeLondon(manage);
    ({ levelId, zoneId } = london);
    const otherLevelId = await manage.make('levels', {
      levelName: 'L4',
      locationId: london.locationId,
    });
    otherZoneId = await manage.make('zones', { zoneName: 'South', levelId: otherLevelId });
    await manage.make('desks', { deskName: 'N2', zoneId });
    baseUrl = await listen(server);
    const key = { ...(await server.key(tenantId)), baseUrl };
    ada = new Rollcall({ ...key, authentication: 'client-credentials' });
    client = new Rollcall({
      ...key,
      authentication: 'client-credentials',
      maxRetries: 0,
      fetch: async (input, init) => {
        const method = init?.method ?? 'GET';
        const isChange = String(input).includes('/floor-plan') && method !== 'GET';
        if (isChange && method === 'PUT') stores++;
        const fault = isChange ? faults[method]?.shift() : undefined;
        if (fault === 'down') throw new TypeError('The connection is down.');
        const answer = await fetch(input, init);
        await fault;
        if (fault === 'loses the answer') throw new TypeError('The answer is lost.');
        return answer;
      },
    });
    desks = (await manage.list('desks')).map(({ deskId }) => String(deskId));
  });
  afterAll(() => server.close());

  const calls = () =>
    draftCalls(client, levelId, {
      signIn: () => signedOut++,
      nodeIds: async () => (await client.manage.floorPlans.day(levelId)).items.map(({ nodeId }) => nodeId),
    });
  /** A session of a new draft with one desk, on a level without a published plan. */
  const begin = async (plan = planOn(0.1)) => {
    faults = {};
    signedOut = 0;
    await ada.manage.floorPlans.discardDraft(levelId).catch(() => undefined);
    await ada.manage.floorPlans.remove(levelId).catch(() => undefined);
    const session = new DraftSession(calls(), await calls().store(plan, null, 0));
    stores = 0;
    return session;
  };
  const planOn = (x: number) => planWith(desk(desks[0] ?? '', x, 0.1));
  const moveTo = (session: DraftSession, x: number) =>
    session.update((editor) => editing.change(editor, editing.put(editor.plan, planOn(x).placements)));
  const shownX = (session: DraftSession) => session.state().editor.plan.placements[0]?.x;
  const storedDraft = async () => (await ada.manage.floorPlans.readDraft(levelId))?.row;
  const storedX = async () => (await storedDraft())?.placements[0]?.x;
  const publishedX = async () => (await ada.manage.floorPlans.read(levelId)).row.published?.placements[0]?.x;
  const bodyOf = (x: number) => ({ ...planOn(x), placements: [...planOn(x).placements] });
  const storeOfAda = (x: number) => ada.manage.floorPlans.saveDraft(levelId, bodyOf(x));
  const publishOfAda = async (x: number) => {
    await storeOfAda(x);
    const { row } = await ada.manage.floorPlans.publish(levelId, { force: true });
    return row.published?.version ?? 0;
  };
  /** Something that happens when the test says so. */
  const moment = () => {
    let come = () => {};
    const coming = new Promise<void>((resolve) => {
      come = resolve;
    });
    return { coming, come };
  };

  test('is stored once for changes that follow one another quickly', async () => {
    const session = await begin();
    for (const x of [0.2, 0.3, 0.4]) moveTo(session, x);
    expect(session.state().store.kind).toBe('waiting');
    await expect.poll(() => session.state().store.kind).toBe('stored');
    expect([await storedX(), stores]).toEqual([0.4, 1]);
  });

  test('keeps everything while the server cannot be reached, and is stored when it is back', async () => {
    const session = await begin();
    faults = { PUT: [...STAYS_DOWN] };
    moveTo(session, 0.2);
    expect([await session.flush(), session.state().store.kind]).toEqual([false, 'failed']);
    moveTo(session, 0.3);
    expect([await session.flush(), session.state().store.kind]).toEqual([false, 'failed']);
    expect(await storedX()).toBe(0.1);
    faults = {};
    await expect.poll(() => session.state().store.kind).toBe('stored');
    expect([await storedX(), shownX(session)]).toEqual([0.3, 0.3]);
  });

  test('takes its own version for nobody else’s when only an answer was lost', async () => {
    const session = await begin();
    faults = { PUT: ['loses the answer'] };
    moveTo(session, 0.2);
    expect(await session.flush()).toBe(false);
    expect(await storedX()).toBe(0.2);
    moveTo(session, 0.3);
    expect([await session.flush(), await storedX()]).toEqual([true, 0.3]);
    faults = { PUT: ['loses the answer'] };
    moveTo(session, 0.4);
    expect(await session.flush()).toBe(false);
    expect([await session.flush(), await storedX()]).toEqual([true, 0.4]);
  });

  test('takes its own version for nobody else’s after other requests have failed, too', async () => {
    const session = await begin();
    faults = { PUT: ['loses the answer', ...STAYS_DOWN] };
    for (const x of [0.2, 0.3, 0.4]) {
      moveTo(session, x);
      expect(await session.flush()).toBe(false);
    }
    expect(await storedX()).toBe(0.2);
    faults = {};
    moveTo(session, 0.5);
    expect([await session.flush(), session.state().store.kind]).toEqual([true, 'stored']);
    expect(await storedX()).toBe(0.5);
  });

  test('is stored as it was before when a change is undone whose answer was lost', async () => {
    const session = await begin();
    faults = { PUT: ['loses the answer'] };
    moveTo(session, 0.2);
    await session.flush();
    session.update(editing.undo);
    expect([await session.flush(), await storedX(), shownX(session)]).toEqual([true, 0.1, 0.1]);
  });

  test('is stored by one request after the other, whoever asks for it', async () => {
    const session = await begin();
    const { coming, come } = moment();
    faults = { PUT: [coming] };
    moveTo(session, 0.2);
    const first = session.flush();
    moveTo(session, 0.3);
    const others = [session.flush(), session.flush(), session.flush()];
    come();
    expect(await Promise.all([first, ...others])).toEqual([false, true, true, true]);
    expect([await storedX(), stores]).toEqual([0.3, 2]);
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

  describe('that is discarded', () => {
    test('is gone, although a change was being stored, and no later change makes it again', async () => {
      const session = await begin();
      const { coming, come } = moment();
      faults = { PUT: [coming] };
      moveTo(session, 0.2);
      const storing = session.flush();
      const discarding = session.discard();
      moveTo(session, 0.3);
      come();
      await Promise.all([storing, discarding]);
      moveTo(session, 0.4);
      expect([await session.flush(), session.isOver]).toEqual([true, true]);
      expect([await storedDraft(), stores]).toEqual([undefined, 1]);
    });

    test('goes on if the server cannot be reached, and stores the next change', async () => {
      const session = await begin();
      faults = { DELETE: ['down'] };
      moveTo(session, 0.2);
      await expect(session.discard()).rejects.toThrow(NetworkError);
      expect(session.isOver).toBe(false);
      moveTo(session, 0.3);
      expect([await session.flush(), await storedX()]).toEqual([true, 0.3]);
      await session.discard();
      expect([session.isOver, await storedDraft()]).toEqual([true, undefined]);
    });

    test('is gone although the answer to its last change was lost', async () => {
      const session = await begin();
      faults = { PUT: ['loses the answer'] };
      moveTo(session, 0.2);
      await session.flush();
      await session.discard();
      expect([session.isOver, await storedDraft()]).toEqual([true, undefined]);
    });

    test('is gone although a desk has left the level since a change that was not stored', async () => {
      const [mine = '', leaving = ''] = desks;
      const session = await begin(planWith(desk(mine, 0.1, 0.1), desk(leaving, 0.6, 0.6)));
      faults = { PUT: ['down'] };
      moveTo(session, 0.2);
      await session.flush();
      await ada.manage.desks.update(leaving, { zoneId: otherZoneId });
      try {
        await session.discard();
        expect([session.isOver, await storedDraft()]).toEqual([true, undefined]);
      } finally {
        await ada.manage.desks.update(leaving, { zoneId });
      }
    });

    test('stays if somebody else has stored another one', async () => {
      const session = await begin();
      await storeOfAda(0.9);
      await session.discard();
      const { store } = session.state();
      expect(store.kind === 'conflict' && store.theirs?.row.placements[0]?.x).toBe(0.9);
      expect([session.isOver, await storedX()]).toEqual([false, 0.9]);
    });
  });

  describe('that is published', () => {
    test('is the one that was seen, and no other', async () => {
      const session = await begin();
      const seen = session.state().editor.plan;
      moveTo(session, 0.2);
      await expect(session.publish(seen, 0)).rejects.toThrow(NotStoredError);
      await session.flush();
      await expect(session.publish(seen, 0)).rejects.toThrow(NotStoredError);
      expect(await publishedX()).toBeUndefined();
      await session.publish(session.state().editor.plan, 0);
      expect([session.isOver, await publishedX()]).toEqual([true, 0.2]);
    });

    test('replaces the published plan that was seen, and no later one', async () => {
      await begin();
      const first = await publishOfAda(0.7);
      const second = await publishOfAda(0.8);
      const draft = await calls().store(planOn(0.2), null, first);
      const session = new DraftSession(calls(), draft);
      const seen = session.state().editor.plan;
      await expect(session.publish(seen, first)).rejects.toThrow(ConflictError);
      expect([session.isStored, await publishedX()]).toEqual([true, 0.8]);
      await session.publish(seen, second);
      expect([session.isOver, await publishedX()]).toEqual([true, 0.2]);
    });

    test('can take the place of a plan that was removed', async () => {
      await begin();
      const version = await publishOfAda(0.7);
      const session = new DraftSession(calls(), await calls().store(planOn(0.2), null, version));
      await ada.manage.floorPlans.remove(levelId);
      const seen = session.state().editor.plan;
      await expect(session.publish(seen, version)).rejects.toThrow(ConflictError);
      await session.publish(seen, 0);
      expect([session.isOver, await publishedX()]).toEqual([true, 0.2]);
    });

    test('leaves a change that came meanwhile for a choice', async () => {
      const session = await begin();
      const { coming, come } = moment();
      faults = { POST: [coming] };
      const publishing = session.publish(session.state().editor.plan, 0);
      moveTo(session, 0.2);
      come();
      await publishing;
      expect([session.state().store, shownX(session)]).toEqual([{ kind: 'conflict', theirs: null }, 0.2]);
      expect(await publishedX()).toBe(0.1);
    });

    test('stays a draft if somebody else has stored another one', async () => {
      const session = await begin();
      await storeOfAda(0.9);
      await expect(session.publish(session.state().editor.plan, 0)).rejects.toThrow(ConflictError);
      const { store } = session.state();
      expect(store.kind === 'conflict' && store.theirs?.row.placements[0]?.x).toBe(0.9);
      expect(await publishedX()).toBeUndefined();
    });
  });

  test('loses no other change when a desk leaves the level, and no place of that desk', async () => {
    const [mine = '', leaving = ''] = desks;
    const session = await begin(planWith(desk(mine, 0.1, 0.1), desk(leaving, 0.6, 0.6)));
    await ada.manage.desks.update(leaving, { zoneId: otherZoneId });
    moveTo(session, 0.2);
    expect(await session.flush()).toBe(true);
    const { editor, hidden } = session.state();
    expect([editor.plan.placements.map(({ nodeId }) => nodeId), hidden]).toEqual([[mine], 1]);
    expect((await storedDraft())?.placements.map(({ nodeId, x }) => [nodeId, x])).toEqual([[mine, 0.2]]);
    session.update(editing.undo);
    expect([await session.flush(), shownX(session)]).toEqual([true, 0.1]);
    await ada.manage.desks.update(leaving, { zoneId });
    const placements = (await storedDraft())?.placements ?? [];
    expect(new Map(placements.map(({ nodeId, x }) => [nodeId, x]))).toEqual(
      new Map([
        [mine, 0.1],
        [leaving, 0.6],
      ]),
    );
  });

  test('keeps a desk that comes back to the level, where it was', async () => {
    const [mine = '', leaving = ''] = desks;
    const session = await begin(planWith(desk(mine, 0.1, 0.1), desk(leaving, 0.6, 0.6)));
    await ada.manage.desks.update(leaving, { zoneId: otherZoneId });
    moveTo(session, 0.2);
    await session.flush();
    await ada.manage.desks.update(leaving, { zoneId });
    const placements = async () =>
      new Map((await storedDraft())?.placements.map(({ nodeId, x }) => [nodeId, x]));
    for (const x of [0.3, 0.4]) {
      moveTo(session, x);
      expect(await session.flush()).toBe(true);
      expect(await placements()).toEqual(
        new Map([
          [mine, x],
          [leaving, 0.6],
        ]),
      );
    }
    session.update(editing.undo);
    await session.flush();
    expect(await placements()).toEqual(
      new Map([
        [mine, 0.3],
        [leaving, 0.6],
      ]),
    );
    expect(session.state().editor.plan.placements).toHaveLength(2);
  });

  test('that the server refuses says why, is not sent again by itself, and is stored after another change', async () => {
    const session = await begin();
    const image = { imageId: 'f'.repeat(64) };
    session.update((editor) => editing.change(editor, { ...editor.plan, ...image }));
    expect(await session.flush()).toBe(false);
    expect(session.state().store).toMatchObject({
      kind: 'refused',
      error: { detail: expect.stringContaining('/imageId') },
    });
    expect([await storedX(), stores]).toEqual([0.1, 1]);
    session.update(editing.undo);
    moveTo(session, 0.2);
    expect([await session.flush(), await storedX(), stores]).toEqual([true, 0.2, 2]);
  });

  describe('of a person who must sign in again', () => {
    /** What is left of a session with a change that the server does not have. */
    const unstoredAfter = async (fault: Fault = 'down') => {
      const session = await begin();
      faults = { PUT: [fault] };
      moveTo(session, 0.2);
      await session.flush();
      const { unstored } = session;
      session.end();
      expect([session.unstored, await session.flush()]).toEqual([undefined, true]);
      if (!unstored) throw new Error('Everything is stored.');
      return unstored;
    };
    const resume = async (unstored: UnstoredDraft) =>
      DraftSession.resumed(calls(), unstored, await calls().read());

    test('leads to the sign-in page, and keeps the change', async () => {
      await begin();
      const draft = await calls().read();
      if (!draft) throw new Error('The level has no draft.');
      const stranger = new Rollcall({ baseUrl, ...UNKNOWN_KEY, authentication: 'client-credentials' });
      const session = new DraftSession(
        draftCalls(stranger, levelId, { signIn: () => signedOut++, nodeIds: async () => desks }),
        draft,
      );
      moveTo(session, 0.2);
      expect([await session.flush(), signedOut]).toEqual([false, 1]);
      expect(session.unstored?.plan.placements[0]?.x).toBe(0.2);
    });

    test('goes on with the change, which can be undone', async () => {
      const session = await resume(await unstoredAfter());
      expect([await session.flush(), await storedX()]).toEqual([true, 0.2]);
      session.update(editing.undo);
      expect([await session.flush(), await storedX()]).toEqual([true, 0.1]);
    });

    test('is stored already if only an answer was lost', async () => {
      const session = await resume(await unstoredAfter('loses the answer'));
      expect([session.isStored, shownX(session)]).toEqual([true, 0.2]);
    });

    test('goes on with a later change although the answer to an earlier one was lost', async () => {
      const session = await begin();
      faults = { PUT: ['loses the answer', ...STAYS_DOWN] };
      for (const x of [0.2, 0.3]) {
        moveTo(session, x);
        expect(await session.flush()).toBe(false);
      }
      expect(await storedX()).toBe(0.2);
      const { unstored } = session;
      session.end();
      if (!unstored) throw new Error('Everything is stored.');
      faults = {};
      const resumed = await resume(unstored);
      expect([resumed.state().store.kind, shownX(resumed)]).toEqual(['waiting', 0.3]);
      expect([await resumed.flush(), await storedX()]).toEqual([true, 0.3]);
    });

    test('asks nothing about a desk that left the level meanwhile, and loses no place of it', async () => {
      const [mine = '', leaving = ''] = desks;
      const session = await begin(planWith(desk(mine, 0.1, 0.1), desk(leaving, 0.6, 0.6)));
      faults = { PUT: [...STAYS_DOWN] };
      moveTo(session, 0.2);
      await session.flush();
      const { unstored } = session;
      session.end();
      if (!unstored) throw new Error('Everything is stored.');
      faults = {};
      await ada.manage.desks.update(leaving, { zoneId: otherZoneId });
      try {
        const resumed = await resume(unstored);
        expect([await resumed.flush(), await storedX()]).toEqual([true, 0.2]);
      } finally {
        await ada.manage.desks.update(leaving, { zoneId });
      }
      expect((await storedDraft())?.placements).toHaveLength(2);
    });

    test('waits for a choice if somebody else has changed or discarded it meanwhile', async () => {
      const unstored = await unstoredAfter();
      await storeOfAda(0.9);
      const { store } = (await resume(unstored)).state();
      expect(store.kind === 'conflict' && store.theirs?.row.placements[0]?.x).toBe(0.9);
      await ada.manage.floorPlans.discardDraft(levelId);
      const session = await resume(unstored);
      expect(session.state().store).toEqual({ kind: 'conflict', theirs: null });
      await session.keepMine();
      expect([session.isStored, await storedX()]).toEqual([true, 0.2]);
    });
  });
});
