import { describe, expect, test } from 'vitest';
import {
  knownReason,
  leaveReason,
  OBSTACLE_CODES,
  REASON_CODES,
  REASONS,
  SEAT_CODES,
  seatReason,
} from '../../server/src/store/workday/reasons.ts';
import { type Change, changeSentence } from '../src/texts/action-log.ts';

const ENTRY: Change = {
  entryId: '1',
  eventTime: '2026-11-20T09:00:00.000Z',
  day: '2026-11-24',
  category: 'booking',
  action: 'created',
  description: 'Booking made of zone B (London)',
  changedBy: 'engine',
  changedByName: null,
  reason: null,
  actionId: '2',
};
const office = { locationId: 'l', locationName: 'London' };
const zone = { ...office, nodeId: 'z', nodeName: 'B', depth: 2 } as const;
const desk = { ...office, nodeId: 'd', nodeName: 'N1', depth: 3 } as const;
const whole = { ...office, nodeId: 'l', nodeName: 'London', depth: 1 } as const;

const sentence = (entry: Partial<Change>) => changeSentence({ ...ENTRY, ...entry }, 'Tue 24 Nov');
/** The part of a reason that the server writes, as it answers it. */
const because = (reason: string): Partial<Change> => {
  const known = knownReason(reason);
  return known ? { reason, knownReason: known } : { reason };
};

describe('a sentence of the action log', () => {
  test.each<[string, Partial<Change>]>([
    ['Booked zone B (London) for Tue 24 Nov by the engine.', { booking: { before: null, after: zone } }],
    [
      'Moved the booking from zone B (London) to desk N1 (London) for Tue 24 Nov by the engine.',
      { action: 'changed', booking: { before: zone, after: desk } },
    ],
    [
      'Cancelled the booking of the office London for Tue 24 Nov by the engine.',
      { action: 'cancelled', booking: { before: whole, after: null } },
    ],
    [
      'Planned office (London) for Tue 24 Nov by the engine.',
      { category: 'plan', plan: { before: null, after: { plan: 'o', ...office } } },
    ],
    [
      'Changed the plan from remote to away for Tue 24 Nov by the engine.',
      {
        category: 'plan',
        action: 'changed',
        plan: {
          before: { plan: 'r', locationId: null, locationName: null },
          after: { plan: 'a', locationId: null, locationName: null },
        },
      },
    ],
    [
      'Removed the plan away for Tue 24 Nov by the engine.',
      {
        category: 'plan',
        action: 'deleted',
        plan: { before: { plan: 'a', locationId: null, locationName: null }, after: null },
      },
    ],
    ['Desk cancelled for Tue 24 Nov by the engine.', { action: 'cancel', description: 'Desk cancelled' }],
  ])('of each action: %s', (expected, entry) => {
    expect(sentence(entry)).toBe(expected);
  });

  test('names who did it', () => {
    const booking = { before: null, after: desk };
    const by = (changedBy: Change['changedBy'], changedByName: string | null) =>
      sentence({ booking, changedBy, changedByName }).replace('Booked desk N1 (London) for Tue 24 Nov ', '');
    expect(by('user', null)).toBe('by the person.');
    expect(by('admin', 'ada@example.com')).toBe('by ada@example.com.');
    expect(by('admin', null)).toBe('by an administrator.');
    expect(by('integration', 'door')).toBe('by the integration door.');
    expect(by('integration', null)).toBe('by an integration.');
  });

  test('says why the engine did not choose the desk usually taken', () => {
    const booking = { before: null, after: zone };
    expect(sentence({ booking, ...because(seatReason('nearGroup', 'usualDeskAssigned')) })).toBe(
      'Booked zone B (London) for Tue 24 Nov by the engine, near the group, ' +
        'because the desk usually taken was assigned to somebody else.',
    );
    expect(sentence({ booking, reason: 'Workshop' })).toMatch(/, with the reason “Workshop”\.$/);
  });

  test('has words of its own for each reason that the server writes', () => {
    const reasons = [
      ...REASON_CODES.filter((code) => code !== 'horizon').map((code) => REASONS[code]),
      ...(['holiday', 'leave', 'sick'] as const).flatMap((type) => [
        leaveReason('scheduled', type),
        leaveReason('cancelled', type),
      ]),
      ...SEAT_CODES.flatMap((seat) => [
        seatReason(seat),
        ...OBSTACLE_CODES.map((obstacle) => seatReason(seat, obstacle)),
      ]),
    ];
    const booking = { before: null, after: desk };
    const sentences = reasons.map((reason) => sentence({ booking, ...because(reason) }));
    expect(new Set(sentences).size).toBe(reasons.length);
    for (const each of sentences) {
      expect(each).toMatch(/^Booked desk N1 \(London\) for Tue 24 Nov by the engine, [^“]+\.$/);
      expect(each).not.toMatch(/undefined|null/);
    }
  });
});
