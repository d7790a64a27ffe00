import { describe, expect, test } from 'vitest';
import { type AttendancePlan, attendanceOf, type OfficeDay } from '../src/workday/attendance.ts';

const A = '0a';
const B = '0b';
const C = '0c';

type Reporting = OfficeDay['presenceReporting'];
const officeDay = (presenceReporting: Reporting, sawEvent: boolean, ended: boolean): OfficeDay => ({
  presenceReporting,
  sawEvent,
  ended,
});

const plannedAt = (locationId: string): AttendancePlan => ({ plan: 'o', locationId, madeByPresence: false });
const madeByPresenceAt = (locationId: string): AttendancePlan => ({
  plan: 'o',
  locationId,
  madeByPresence: true,
});
const REMOTE: AttendancePlan = { plan: 'r', locationId: null, madeByPresence: false };
const AWAY: AttendancePlan = { plan: 'a', locationId: null, madeByPresence: false };

/** Every state of an office's day, and the type of a user who planned to be there and was not detected. */
const OFFICE_DAYS = [
  ['detect', true, true, 'noShow'],
  ['detect', false, true, 'unconfirmed'],
  ['always', true, true, 'noShow'],
  ['always', false, true, 'noShow'],
  ['never', true, true, 'unconfirmed'],
  ['never', false, true, 'unconfirmed'],
  ['detect', true, false, 'untyped'],
  ['detect', false, false, 'untyped'],
  ['always', true, false, 'untyped'],
  ['always', false, false, 'untyped'],
  ['never', true, false, 'untyped'],
  ['never', false, false, 'untyped'],
] as const;

/** `o 0a confirmed*`: plan, location and type, with a star on the row of the stored plan. */
function rowsOf(
  stored: AttendancePlan | null,
  seenAt: string[],
  offices: Record<string, OfficeDay>,
): string[] {
  return attendanceOf(stored, seenAt, new Map(Object.entries(offices))).map(
    ({ plan, locationId, type, isPlan }) =>
      `${plan} ${locationId ?? '-'} ${type ?? 'untyped'}${isPlan ? '*' : ''}`,
  );
}

describe('planned here, not detected', () => {
  test.each(OFFICE_DAYS)(
    'reporting %s, an event seen %s, day ended %s: %s',
    (reporting, sawEvent, ended, type) => {
      expect(rowsOf(plannedAt(A), [], { [A]: officeDay(reporting, sawEvent, ended) })).toEqual([
        `o ${A} ${type}*`,
      ]);
    },
  );

  test('another office does not change the type', () => {
    const offices = { [A]: officeDay('detect', false, true), [B]: officeDay('always', true, true) };
    expect(rowsOf(plannedAt(A), [], offices)).toEqual([`o ${A} unconfirmed*`]);
  });
});

describe.each(OFFICE_DAYS)(
  'detected at an office, reporting %s, an event seen %s, day ended %s',
  (reporting, sawEvent, ended, unseen) => {
    const office = officeDay(reporting, sawEvent, ended);
    const offices = { [A]: office, [B]: office, [C]: office };

    test('planned here: confirmed, at once', () => {
      expect(rowsOf(plannedAt(A), [A], offices)).toEqual([`o ${A} confirmed*`]);
    });

    test('planned at another office: a row there, and a walkIn here', () => {
      expect(rowsOf(plannedAt(A), [B], offices)).toEqual([`o ${A} ${unseen}*`, `o ${B} walkIn`]);
      expect(rowsOf(plannedAt(B), [A], offices)).toEqual([`o ${A} walkIn`, `o ${B} ${unseen}*`]);
    });

    test('planned here and detected elsewhere too: confirmed here, a walkIn there', () => {
      expect(rowsOf(plannedAt(B), [A, B, C], offices)).toEqual([
        `o ${A} walkIn`,
        `o ${B} confirmed*`,
        `o ${C} walkIn`,
      ]);
    });

    test('remote: a walkIn beside the row of the plan', () => {
      expect(rowsOf(REMOTE, [A], offices)).toEqual(['r - untyped*', `r ${A} walkIn`]);
    });

    test('away: a walkIn at every office of detection, beside the row of the plan', () => {
      expect(rowsOf(AWAY, [B, A], offices)).toEqual(['a - untyped*', `a ${A} walkIn`, `a ${B} walkIn`]);
    });

    test('no plan: a walkIn with the plan away', () => {
      expect(rowsOf(null, [A], offices)).toEqual([`a ${A} walkIn`]);
      expect(rowsOf(null, [B, A], offices)).toEqual([`a ${A} walkIn`, `a ${B} walkIn`]);
    });

    test('a plan that presence made: its row is a walkIn', () => {
      expect(rowsOf(madeByPresenceAt(A), [A], offices)).toEqual([`o ${A} walkIn*`]);
      expect(rowsOf(madeByPresenceAt(A), [A, B], offices)).toEqual([`o ${A} walkIn*`, `o ${B} walkIn`]);
    });

    test('a plan that presence made elsewhere is never a noShow there', () => {
      expect(rowsOf(madeByPresenceAt(A), [B], offices)).toEqual([`o ${A} untyped*`, `o ${B} walkIn`]);
    });

    test('not detected, and no office plan: no type, and no row without a plan', () => {
      expect(rowsOf(REMOTE, [], offices)).toEqual(['r - untyped*']);
      expect(rowsOf(AWAY, [], offices)).toEqual(['a - untyped*']);
      expect(rowsOf(null, [], offices)).toEqual([]);
      expect(rowsOf(madeByPresenceAt(A), [], offices)).toEqual([`o ${A} untyped*`]);
    });
  },
);

test('a user at an office without data has no type', () => {
  expect(rowsOf(plannedAt(A), [], {})).toEqual([`o ${A} untyped*`]);
  expect(rowsOf(plannedAt(A), [A], {})).toEqual([`o ${A} confirmed*`]);
});
