import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import { hasBrowser } from '../test/support/browser.ts';
import { type Console, clientOf, useConsole } from './console.ts';

const EVENTS = 200;
/** The page asks once a second: over many events, these gaps meet each moment of that second. */
const GAP_MS = 170;

describe.skipIf(!hasBrowser)('the page Today of the demo', () => {
  const site = useConsole();

  test('shows 99 of 100 events in time after their answer', async () => {
    const { demo, today, open } = site.console;
    const submitting = clientOf(demo, 'submitting-events');
    const people = await addPeople(demo);
    const page = await open(today);
    await watchPresent(page);
    const answeredMs: number[] = [];
    for (const { userId, locationId } of people) {
      const event = { eventId: crypto.randomUUID(), timestamp: new Date(), userId, locationId };
      const { refused } = await submitting.presence.submit('gate', [
        { ...event, locationType: 'location' as const },
      ]);
      expect(refused).toEqual([]);
      answeredMs.push(Date.now());
      await delay(GAP_MS);
    }
    await expect.poll(async () => (await shownMs(page)).length).toBe(EVENTS);
    const shown = await shownMs(page);
    const waitsMs = answeredMs
      .map((ms, index) => Math.max(0, (shown[index] ?? 0) - ms))
      .sort((a, b) => a - b);
    const at = (share: number) => waitsMs[Math.ceil(share * EVENTS) - 1] ?? Number.NaN;
    console.log(`an event's way to Today: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
    expect(at(0.99)).toBeLessThanOrEqual(inject('timeGoals').mostEventMs);
  });
});

type Demo = Console['demo'];

/** Adds people, each with an office. Nobody has presence of them, on whatever day and at whatever hour the test runs. */
async function addPeople(demo: Demo): Promise<{ userId: string; locationId: string }[]> {
  const offices: string[] = [];
  for await (const { locationId } of clientOf(demo, 'data-warehouse').analytics.locations())
    offices.push(locationId);
  const people = Array.from({ length: EVENTS }, (_, index) => ({
    userId: crypto.randomUUID(),
    locationId: offices[index % offices.length] ?? '',
  }));
  const lines = people.map(({ userId, locationId }) => [userId, `${userId}@example.com`, locationId].join());
  const file = ['userId,userName,primaryLocationId', ...lines].join('\n');
  const report = await clientOf(demo, 'all').manage.imports.submit('users', file);
  expect(report).toMatchObject({ created: EVENTS, refused: 0 });
  return people;
}

/** Notes the moment at which the page shows each further person as present. */
function watchPresent(page: Page): Promise<void> {
  return page.evaluate(() => {
    const figure = document.querySelector('[data-figure=present]');
    const read = () => Number(figure?.textContent?.replace(/\D/g, ''));
    const first = read();
    const shown: number[] = [];
    Object.assign(globalThis, { shown });
    new MutationObserver(() => {
      while (shown.length < read() - first) shown.push(Date.now());
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}

const shownMs = (page: Page) => page.evaluate(() => (globalThis as unknown as { shown: number[] }).shown);
