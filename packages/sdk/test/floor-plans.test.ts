import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { svg } from '../../server/test/support/floor.ts';
import { ConflictError, NotFoundError, ValidationError } from '../src/index.ts';
import { type Setup, setUp } from './support/setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterAll(() => setup.close());

const failure = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'no failure',
    (error: unknown) => error,
  );

test('a client draws a plan, publishes it and reads it back, with its image, positions and day', async () => {
  const { manage } = setup.client();
  const { floorPlans } = manage;
  const idOf = (submitted: { results: { id: string | null }[] }) => String(submitted.results[0]?.id);
  const locationId = idOf(await manage.locations.submit([{ locationName: 'Quay', timeZone: 'UTC' }]));
  const levelId = idOf(await manage.levels.submit([{ levelName: 'L1', locationId }]));
  const zoneId = idOf(await manage.zones.submit([{ zoneName: 'North', levelId }]));
  const deskId = idOf(await manage.desks.submit([{ deskName: 'N1', zoneId }]));

  expect(await floorPlans.readDraft(levelId)).toBeNull();
  const image = await floorPlans.sendImage(
    levelId,
    svg('<script/><rect width="3" height="2"/>'),
    'image/svg+xml',
  );
  expect(image.removed).toEqual(['the element script']);
  const blob = await floorPlans.image(image.imageId);
  expect(blob.type).toBe('image/svg+xml');
  expect(await blob.text()).toContain('<rect');

  const plan = {
    imageId: image.imageId,
    aspectRatio: 1.5,
    placements: [{ nodeId: deskId, x: 0.25, y: 0.5 }],
  };
  const draft = await floorPlans.saveDraft(levelId, plan, { ifNew: true });
  expect(await failure(floorPlans.saveDraft(levelId, plan, { ifNew: true }))).toBeInstanceOf(ConflictError);
  const wrong = { ...plan, placements: [{ nodeId: zoneId, x: 0.25, y: 0.5 }] };
  expect(await failure(floorPlans.saveDraft(levelId, wrong))).toBeInstanceOf(ValidationError);
  const moved = { ...plan, placements: [{ nodeId: deskId, x: 0.75, y: 0.5 }] };
  const changed = await floorPlans.saveDraft(levelId, moved, { ifVersion: draft.version });
  // Neither condition is dropped for the other one.
  const both = { ifVersion: draft.version, ifNew: true };
  expect(await failure(floorPlans.saveDraft(levelId, moved, both))).toBeInstanceOf(ConflictError);
  expect(await failure(floorPlans.publish(levelId, { ifVersion: draft.version }))).toBeInstanceOf(
    ConflictError,
  );
  expect(await floorPlans.readDraft(levelId)).toEqual(changed);
  const published = await floorPlans.publish(levelId, { ifVersion: changed.version });
  expect(await floorPlans.read(levelId)).toEqual(published);
  expect(published.row.published).toMatchObject({ version: 1, imageId: image.imageId });

  const listed = await floorPlans.list();
  expect(listed).toMatchObject([{ levelId, placed: 1, places: 1, hasDraft: false }]);
  expect(await floorPlans.positions({ levelId })).toMatchObject([{ nodeId: deskId, x: 0.75 }]);
  const file = await floorPlans.positionsFile({ levelId });
  expect(await manage.imports.submit('floor-positions', file)).toMatchObject({ unchanged: 1, refused: 0 });
  const day = await floorPlans.day(levelId, { date: '2026-03-10' });
  expect(day.items.map(({ name, state }) => [name, state])).toEqual([
    ['N1', 'free'],
    ['North', 'free'],
  ]);

  await floorPlans.saveDraft(levelId, plan);
  await floorPlans.discardDraft(levelId);
  const stale = { ifVersion: changed.version, ifNew: true };
  expect(await failure(floorPlans.saveDraft(levelId, plan, stale))).toBeInstanceOf(ConflictError);
  const unseen = { ...plan, basedOn: 0 };
  expect((await floorPlans.saveDraft(levelId, unseen)).row.basedOn).toBe(0);
  expect(await failure(floorPlans.publish(levelId))).toBeInstanceOf(ConflictError);
  await floorPlans.discardDraft(levelId);
  await floorPlans.remove(levelId, { ifVersion: published.version });
  expect((await floorPlans.read(levelId)).row).toEqual({ levelId, published: null, hasDraft: false });
});

test('a client schedules leave of a user and cancels a part of it', async () => {
  const { users } = setup.client().manage;
  const { userId } = setup.site.user;
  const first = { startDate: '2090-03-13', endDate: '2090-03-17' };
  expect(await users.scheduleLeave(userId, { ...first, leaveType: 'holiday' })).toEqual([
    { ...first, leaveType: 'holiday' },
  ]);
  expect(await users.cancelLeave(userId, { startDate: '2090-03-14', endDate: '2090-03-15' })).toEqual([
    { startDate: '2090-03-13', endDate: '2090-03-13', leaveType: 'holiday' },
    { startDate: '2090-03-16', endDate: '2090-03-17', leaveType: 'holiday' },
  ]);
  expect((await users.profile(userId)).leaves).toHaveLength(2);
  expect(await users.cancelLeave(userId, first)).toEqual([]);
  const reversed = { startDate: '2090-03-17', endDate: '2090-03-13' };
  expect(await failure(users.scheduleLeave(userId, reversed))).toBeInstanceOf(ValidationError);
  expect(await failure(users.cancelLeave(userId, reversed))).toBeInstanceOf(ValidationError);
  expect(await failure(users.cancelLeave(randomUUID(), first))).toBeInstanceOf(NotFoundError);
});
