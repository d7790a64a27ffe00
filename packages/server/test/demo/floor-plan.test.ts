import { expect, test } from 'vitest';
import { makeDirectory } from '../../src/demo/directory.ts';
import { makeFloorPlans } from '../../src/demo/floor-plan.ts';
import { judgeImage } from '../../src/floor/images.ts';

test('every desk, room and zone of the demo has its place, and nothing is taken out of the drawings', async () => {
  const { offices } = makeDirectory(1, 500);
  for (const office of offices) {
    const plans = makeFloorPlans(office);
    const placed = plans.flatMap(({ placements }) => placements);
    const nodeIds = [
      ...office.desks.flatMap(({ deskId, zoneId }) => [deskId, zoneId]),
      ...office.spaces.map(({ spaceId }) => spaceId),
      ...office.lounges.map(({ zoneId }) => zoneId),
    ];
    expect(placed.map(({ nodeId }) => nodeId).toSorted()).toEqual([...new Set(nodeIds)].toSorted());
    for (const { x, y } of placed) expect([x > 0 && x < 1, y > 0 && y < 1]).toEqual([true, true]);
    const places = plans.map(({ levelId, placements }) =>
      placements.map(({ x, y, width }) => `${levelId} ${x} ${y} ${width}`),
    );
    expect(new Set(places.flat()).size).toBe(placed.length);
    for (const { svg, aspectRatio } of plans) {
      const { removed, width, height } = await judgeImage(Buffer.from(svg));
      expect([removed, width / height]).toEqual([[], aspectRatio]);
    }
  }
});
