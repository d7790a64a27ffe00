import { afterAll, expect, test } from 'vitest';
import { PEOPLE_ACCESS } from '../src/auth/people-access.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { png } from './support/png.ts';
import { startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

const server = await startTestServer();
afterAll(() => server.close());

test('no answer that a viewer gets names a person', async () => {
  const work = await ManagedWorkplace.at(server);
  const named = await work.addUser({ email: 'unmistakable@example.com', userName: 'unmistakable' });
  const { office } = work;
  await work.ask('PUT', `desks/${office.placeId}/assignment`, { userId: named.userId });
  const day = '2026-03-10';
  await work.setDay(day, work.at(office.placeId), named);
  await work.submit('presence', {
    sourceId: 'door',
    presenceEvents: [
      {
        eventId: 'e',
        timestamp: `${day}T09:00:00Z`,
        locationId: office.placeId,
        locationType: 'place',
        userId: named.userId,
      },
    ],
  });
  const { imageId } = await work.ask<{ imageId: string }>(
    'POST',
    `levels/${office.levelId}/floor-plan/images`,
    png(30, 20),
    'image/png',
  );
  const placements = [{ nodeId: office.placeId, x: 0.5, y: 0.5 }];
  await work.ask('PUT', `levels/${office.levelId}/floor-plan/draft`, {
    imageId,
    aspectRatio: 1.5,
    placements,
  });
  await work.ask('POST', `levels/${office.levelId}/floor-plan/publication`);
  const browser = await browserWithRole(server, work.tenantId, 'viewer');
  const ids: Record<string, string> = {
    locationId: office.locationId,
    levelId: office.levelId,
    zoneId: office.zoneId,
    deskId: office.placeId,
    spaceId: office.spaceId,
    imageId,
  };
  const operations = Object.entries(PEOPLE_ACCESS).filter(([, roles]) => roles.includes('viewer'));
  expect(operations.length).toBeGreaterThan(15);
  for (const [operation] of operations) {
    const [method, pattern = ''] = operation.split(' ');
    expect(method).toBe('GET');
    const path = pattern.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? name);
    const query = path.startsWith('/v1/analytics') ? `?startDate=${day}&endDate=${day}` : '';
    const reply = await server.app.inject({ url: `${path}${query}`, headers: browser });
    expect(`${operation} ${reply.statusCode}`).toBe(`${operation} 200`);
    expect(reply.body, operation).not.toContain('unmistakable');
    expect(reply.body, operation).not.toContain(named.userId);
  }
});
