import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  knownReason,
  leaveReason,
  OBSTACLE_CODES,
  REASON_CODES,
  REASONS,
  SEAT_CODES,
  seatReason,
} from '../src/store/workday/reasons.ts';
import type { AttendedDayView } from '../src/workday/user-attendance.ts';
import type { UserChangeView } from '../src/workday/user-changes.ts';
import type { AttendanceClient } from './support/attendance.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { GROUPS, NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';
import { logChanges } from './support/workday.ts';
import { assignDesk } from './workday/support.ts';

const DAYS = 'startDate=2026-03-01&endDate=2026-03-15';

let server: TestServer;
let client: AttendanceClient;
let manage: ManageClient;
let tenantId: string;
beforeAll(async () => {
  server = await startTestServer();
  ({ tenantId, client } = await smallOrganisation(server));
  manage = await manageClient(server, tenantId);
});
afterAll(() => server.close());

const attendanceOf = async (userId: string, days = DAYS) =>
  (await manage.get(`users/${userId}/attendance?${days}`)) as unknown as AttendedDayView[];
const changesOf = async (userId: string, query = '') =>
  (await manage.get(`users/${userId}/changes?${query}`)) as unknown as {
    items: UserChangeView[];
    next: string | null;
  };
const postCards = (username: string, credentials: object[]) =>
  server.app.inject({
    method: 'POST',
    url: '/v1/access-credentials',
    headers: { authorization: manage.authorization },
    payload: { data: [{ username, updateId: '1', credentials }] },
  });

test.each(['profile', `attendance?${DAYS}`, 'changes'])(
  '%s of a user who does not exist is a 404',
  async (path) => {
    for (const id of ['x', randomUUID()]) expectProblem(await manage.send('GET', `users/${id}/${path}`), 404);
    const other = await manageClient(server);
    expectProblem(await other.send('GET', `users/${PEOPLE.ann}/${path}`), 404);
  },
);

describe('the attendance of one user', () => {
  test('is that of the export, for each user and day', async () => {
    const rows = await client.attendance('2026-03-01', '2026-03-15');
    const exported = rows
      .filter(({ attendanceLocationId }) => attendanceLocationId)
      .map((row) => [row.userId, row.day.slice(0, 10), row.attendanceLocationId, row.attendanceType ?? null]);
    const shown = [];
    for (const userId of Object.values(PEOPLE)) {
      const days = await attendanceOf(userId);
      expect(days).toHaveLength(15);
      for (const { day, attendance } of days) {
        for (const each of attendance) shown.push([userId, day, each.locationId, each.attendanceType]);
      }
    }
    const inOrder = (a: unknown[], b: unknown[]) => (String(a) < String(b) ? -1 : 1);
    expect(shown.sort(inOrder)).toEqual(exported.sort(inOrder));
    expect(new Set(shown.map(([, , , type]) => type))).toEqual(
      new Set(['confirmed', 'noShow', 'unconfirmed', 'walkIn', null]),
    );
  });

  test('has the first and last detection with their sources, and the plan with its booking', async () => {
    await client.submit([{ userId: PEOPLE.ann, nodeId: NODES.hq, at: '2026-03-02T17:30:00Z' }]);
    const [monday] = await attendanceOf(PEOPLE.ann, 'startDate=2026-03-02&endDate=2026-03-02');
    expect(monday).toMatchObject({
      day: '2026-03-02',
      plan: 'o',
      setBy: 'week',
      locationName: 'hq',
      booking: { depth: 3, placeName: 'desk1', zoneName: 'window' },
      attendance: [
        {
          locationId: NODES.hq,
          timeZone: 'Europe/London',
          attendanceType: 'confirmed',
          presence: {
            firstSeenAt: '2026-03-02T09:00:00.000Z',
            lastSeenAt: '2026-03-02T17:30:00.000Z',
            firstSourceId: 'door',
            lastSourceId: 'door',
            events: 2,
          },
        },
      ],
    });
  });
});

describe('a profile', () => {
  test('has what belongs to the user: week plan, groups, cards, assigned desks and leave', async () => {
    await manage.put(`users/${PEOPLE.ben}/week-plan`, { weekPlan: { monday: { plan: 'r' } } });
    await assignDesk(server.db.owner, tenantId, NODES.desk3, PEOPLE.ben);
    await postCards('ben@example.com', [
      { active: true, cardNumber: '4711', scanData: ['51E69621'], credentialType: 'badge' },
      { active: false, cardNumber: '0815', facilityCode: '7', scanData: [], credentialType: 'badge' },
    ]);
    await postCards('cy@example.com', [
      { active: true, cardNumber: '99', scanData: [], credentialType: 'badge' },
    ]);
    await server.app.inject({
      method: 'POST',
      url: '/v1/timeoff',
      headers: { authorization: manage.authorization },
      payload: {
        timeOffEvents: [
          {
            eventId: '1',
            uid: PEOPLE.ben,
            eventType: 'scheduled',
            startDate: '2026-03-16',
            endDate: '2026-03-17',
            timeOffType: 'holiday',
          },
        ],
      },
    });
    expect(await manage.get(`users/${PEOPLE.ben}/profile`)).toMatchObject({
      userId: PEOPLE.ben,
      userName: 'ben',
      primaryLocationName: 'hq',
      timeZone: 'Europe/London',
      today: '2026-03-13',
      horizon: '2026-03-27',
      weekPlan: { monday: { plan: 'r' }, tuesday: null },
      groups: [{ groupId: GROUPS.data, groupName: 'data', groupType: 'team', primary: true }],
      cards: [
        { cardNumber: '4711', facilityCode: '', active: true },
        { cardNumber: '0815', facilityCode: '7', active: false },
      ],
      assignedDesks: [{ deskId: NODES.desk3, deskName: 'desk3', zoneName: 'quiet', locationName: 'hq' }],
      leaves: [{ startDate: '2026-03-16', endDate: '2026-03-17', leaveType: 'holiday' }],
    });
    expect(await manage.get(`users/${PEOPLE.dee}/profile`)).toMatchObject({
      groups: [],
      cards: [],
      assignedDesks: [],
      leaves: [],
    });
  });

  test('is found by the number of a card or by what a reader sends', async () => {
    await postCards('dee@example.com', [
      { active: false, cardNumber: '5555', scanData: ['ab:cd'], credentialType: 'badge' },
    ]);
    const found = async (card: string) =>
      (await manage.list(`users?card=${encodeURIComponent(card)}`)).map(({ userId }) => userId);
    expect(await found('5555')).toEqual([PEOPLE.dee]);
    expect(await found('ABCD')).toEqual([PEOPLE.dee]);
    expect(await found('555')).toEqual([]);
    expect(await manage.list('users?card=5555&search=ann')).toEqual([]);
    const other = await manageClient(server);
    expect(await other.list('users?card=5555')).toEqual([]);
  });
});

describe('the changes of one user', () => {
  test('come newest first, in pages, or of one day, with names of nodes and the codes of reasons', async () => {
    const set = (day: string, body: object) => {
      server.clock.nowMs += 1_000;
      return manage.put(`users/${PEOPLE.cy}/days/${day}`, body);
    };
    await set('2026-03-16', { plan: 'o', locationId: NODES.hq, booking: { nodeId: NODES.desk1 } });
    await set('2026-03-17', { plan: 'r', reason: 'Plumber' });
    await set('2026-03-16', { plan: 'o', locationId: NODES.hq, booking: { nodeId: NODES.quiet } });
    const { items, next } = await changesOf(PEOPLE.cy);
    expect(next).toBeNull();
    expect(items.map(({ day, category, action }) => `${day} ${category} ${action}`)).toEqual([
      '2026-03-16 booking changed',
      '2026-03-17 plan created',
      '2026-03-16 booking created',
      '2026-03-16 plan created',
    ]);
    expect(items[0]).toMatchObject({
      changedBy: 'admin',
      booking: {
        before: { nodeId: NODES.desk1, nodeName: 'desk1', locationName: 'hq', depth: 3 },
        after: { nodeId: NODES.quiet, nodeName: 'quiet', locationName: 'hq', depth: 2 },
      },
    });
    expect(items[1]).toMatchObject({ reason: 'Plumber', plan: { before: null, after: { plan: 'r' } } });
    expect(items[1]).not.toHaveProperty('knownReason');
    expect(items[2]?.actionId).toBe(items[3]?.actionId);

    const paged: UserChangeView[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page = await changesOf(PEOPLE.cy, `limit=1${after && `&after=${after}`}`);
      paged.push(...page.items);
      after = page.next;
    }
    expect(paged).toEqual(items);
    expect((await changesOf(PEOPLE.cy, 'day=2026-03-17')).items).toEqual([items[1]]);
  });

  test('that other systems recorded keep their description, and show no states of ours', async () => {
    await logChanges(server.db.owner, tenantId, [
      {
        loggedAt: '2026-03-09T10:00:00Z',
        userId: PEOPLE.eve,
        day: '2026-03-12',
        category: 'booking',
        action: 'cancel',
        description: 'Desk cancelled',
        reason: 'Horizon: none of our words',
        before: { placeId: 'x', depth: 9 },
      },
    ]);
    const { items } = await changesOf(PEOPLE.eve);
    expect(items).toMatchObject([{ action: 'cancel', description: 'Desk cancelled' }]);
    expect(items[0]).not.toHaveProperty('booking');
    expect(items[0]).not.toHaveProperty('knownReason');
  });
});

test('each reason of the server has its codes, and no other text has', () => {
  for (const code of REASON_CODES) expect(knownReason(REASONS[code])).toEqual({ code });
  for (const leaveType of ['holiday', 'leave', 'sick'] as const) {
    expect(knownReason(leaveReason('scheduled', leaveType))).toEqual({ code: 'leaveScheduled', leaveType });
    expect(knownReason(leaveReason('cancelled', leaveType))).toEqual({ code: 'leaveCancelled', leaveType });
  }
  for (const seat of SEAT_CODES) {
    expect(knownReason(seatReason(seat))).toEqual({ code: 'horizon', seat });
    for (const obstacle of OBSTACLE_CODES) {
      expect(knownReason(seatReason(seat, obstacle))).toEqual({ code: 'horizon', seat, obstacle });
    }
  }
  for (const text of [
    '',
    'horizon',
    'Horizon: x',
    'Provisioning (sick)',
    'Week plan changed: the assigned desk',
  ])
    expect(knownReason(text)).toBeUndefined();
});
