import { describe, expect, test } from 'vitest';
import { ClusterPair } from './support/cluster-pair.ts';
import { listPrograms } from './support/clusters.ts';

describe.each(await listPrograms())('PostgreSQL $major', (programs) => {
  test('after the promotion of a standby that has replayed everything, every cursor goes on', async () => {
    const pair = await ClusterPair.start(programs);
    const goesOn = await pair.open();
    const isLost = await pair.open();
    await isLost.query('ROLLBACK');
    const users = await pair.follower('users');
    const presence = await pair.follower('presence');
    await goesOn.query('COMMIT');
    await pair.addUser();
    await pair.detect();
    await pair.standby.catchUp(pair.primary);
    await pair.failOver();
    for (const [consumer, most] of [
      [users, 2],
      [presence, 1],
    ] as const) {
      const { came, copied, exported } = await pair.followed(consumer);
      expect(came.length).toBe(most);
      expect(copied).toEqual(exported);
    }
    await pair.addUser();
    expect((await pair.followed(users)).came).toHaveLength(1);
  });

  test('after the promotion of a standby that has lost the last transactions, their cursors are 410 and older ones go on', async () => {
    const pair = await ClusterPair.start(programs);
    const users = await pair.follower('users');
    await pair.standby.catchUp(pair.primary);
    await pair.standby.stop();
    await pair.addUser();
    const lost = await pair.follower('users');
    const aborted = await pair.open();
    await aborted.query('ROLLBACK');
    const lostToo = await pair.follower('users');
    expect(lost.rows()).toHaveLength(2);
    // It starts without the primary, so it cannot get the rest.
    await pair.primary.stop('SIGKILL');
    await pair.standby.start();
    await pair.failOver();
    // The ids of the lost transactions are given out again.
    for (let n = 0; n < 5; n++) await pair.addUser();
    for (const { cursor } of [lost, lostToo]) {
      const refused = await pair.since('users', cursor);
      expect(refused.statusCode).toBe(410);
    }
    const { came, copied, exported } = await pair.followed(users);
    expect(came).toHaveLength(5);
    expect(copied).toEqual(exported);
  });

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'after the primary ended by %s and started again, cursors go on',
    async (signal) => {
      const pair = await ClusterPair.start(programs);
      const users = await pair.follower('users');
      await pair.addUser();
      const later = await pair.follower('users');
      const isLost = await pair.open();
      await pair.primary.stop(signal);
      await isLost.end().catch(() => undefined);
      await pair.primary.start();
      await pair.reach(pair.primary);
      await pair.addUser();
      for (const consumer of [users, later]) {
        const { copied, exported } = await pair.followed(consumer);
        expect(copied).toEqual(exported);
      }
      expect((await pair.followed(users)).came).toEqual([]);
    },
  );

  test('a cursor of the old primary that went on by itself is 410 at the new one, and the other way round', async () => {
    const pair = await ClusterPair.start(programs);
    await pair.standby.catchUp(pair.primary);
    await pair.standby.promote();
    const ofOld = await pair.follower('users');
    await pair.reach(pair.standby);
    const ofNew = await pair.follower('users');
    expect((await pair.since('users', ofOld.cursor)).statusCode).toBe(410);
    expect((await pair.since('users', ofNew.cursor)).statusCode).toBe(200);
    await pair.reach(pair.primary);
    expect((await pair.since('users', ofNew.cursor)).statusCode).toBe(410);
    expect((await pair.since('users', ofOld.cursor)).statusCode).toBe(200);
  });
});
