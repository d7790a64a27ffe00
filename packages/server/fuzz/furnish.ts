import { randomUUID } from 'node:crypto';
import { PNG } from '../test/support/png.ts';
import { DAY_MS, dayText } from './days.ts';
import type { World } from './world.ts';

/** Makes things of all kinds in the organisation, as its programs would, and notes what requests may name. */
export async function furnish(world: World): Promise<void> {
  await makePlaces(world);
  await makePeople(world);
  await makeDays(world);
  await makeEvents(world);
  await makeFloorPlan(world);
  await provision(world);
}

/** Makes items in one bulk call. Returns their ids. */
async function make(world: World, path: string, items: object[]): Promise<string[]> {
  const { body } = await world.call('POST', `/v1/manage/${path}`, { items });
  return body.results.map(({ id, message }: { id: string | null; message: string }) => {
    if (id === null) throw new Error(`${path}: ${message}`);
    return id;
  });
}

async function makePlaces(world: World): Promise<void> {
  const { known, marker } = world;
  const name = (text: string) => `${text} ${marker}`;
  const offices = ['London', 'Paris'];
  const timeZones = ['Europe/London', 'Europe/Paris'];
  known.locationName = offices.map(name);
  known.location = await make(
    world,
    'locations',
    offices.map((office, at) => ({ locationName: name(office), timeZone: timeZones[at], address: marker })),
  );
  const [london = '', paris = ''] = known.location;
  known.levelName = ['L1', 'L2', 'L9'].map(name);
  known.level = await make(
    world,
    'levels',
    known.levelName.map((levelName, at) => ({ levelName, locationId: at < 2 ? london : paris })),
  );
  const [first = '', second = '', third = ''] = known.level;
  known.zoneName = ['North', 'South', 'East'].map(name);
  known.zone = await make(
    world,
    'zones',
    known.zoneName.map((zoneName, at) => ({ zoneName, levelId: [first, second, third][at], capacity: 10 })),
  );
  const zones = known.zone;
  known.deskName = [1, 2, 3, 4, 5, 6].map((at) => name(`Desk ${at}`));
  known.desk = await make(
    world,
    'desks',
    known.deskName.map((deskName, at) => ({ deskName, zoneId: zones[Math.floor(at / 2) % 3] })),
  );
  known.spaceName = ['Room', 'Booth'].map(name);
  known.space = await make(
    world,
    'spaces',
    known.spaceName.map((spaceName) => ({ spaceName, levelId: first, spaceType: 'room', capacity: 4 })),
  );
  known.place = known.desk;
  known.node = [london, first, ...zones, ...known.desk, ...known.space, paris, second];
  await world.call('PATCH', `/v1/manage/locations/${paris}/settings`, {
    deskPresence: 'book',
    horizonDays: 14,
  });
}

async function makePeople(world: World): Promise<void> {
  const { known, marker } = world;
  const names = Array.from({ length: 10 }, (_, at) => `person${at}.${world.slug}`);
  const [london = '', paris = ''] = known.location ?? [];
  known.userName = names;
  known.email = names.map((name) => `${name}@example.com`);
  known.user = await make(
    world,
    'users',
    names.map((userName, at) => ({
      userName,
      email: `${userName}@example.com`,
      firstName: `Person${at}`,
      lastName: marker,
      ...(at < 8 ? { primaryLocationId: at % 2 ? paris : london } : {}),
    })),
  );
  await world.call('PATCH', '/v1/manage/organisation', {
    groupAttributes: ['team', 'department'],
    primaryGroupAttribute: 'team',
  });
  await world.call('POST', '/v1/directory-management/user-attributes', {
    userAttributes: names.map((userName, at) => ({
      userName,
      attributes: {
        team: at % 2 ? 'red' : `blue ${marker}`,
        department: 'engineering',
        employeeNumber: `${at}`,
      },
    })),
  });
  known.groupName = ['red', `blue ${marker}`, 'engineering'];
  await world.call('PUT', '/v1/directory-management/group-relationships', {
    groupRelationships: [
      { group: 'red', groupType: 'team', parent: 'engineering', parentType: 'department' },
      { group: `blue ${marker}`, groupType: 'team', parent: 'engineering', parentType: 'department' },
      { group: 'engineering', groupType: 'department', parent: null, parentType: null },
    ],
  });
  const groups = (await world.call('GET', '/v1/analytics/groups')).body as unknown as { groupId: string }[];
  known.group = groups.map(({ groupId }) => groupId);
  known.card = names.map((_, at) => `${1_000 + at}`);
  await world.call('POST', '/v1/access-credentials', {
    data: known.email.map((username, at) => ({
      username,
      updateId: `${at}`,
      credentials: [
        {
          active: true,
          cardNumber: `${1_000 + at}`,
          facilityCode: '7',
          scanData: [`7:${at}`],
          credentialType: marker,
        },
      ],
    })),
  });
}

async function makeDays(world: World): Promise<void> {
  const { known } = world;
  const [first = '', second = '', third = ''] = known.user ?? [];
  const [london] = known.location ?? [];
  const weekPlan = { monday: { plan: 'o', locationId: london }, friday: { plan: 'r' } };
  await world.call('POST', '/v1/manage/week-plans', {
    items: [first, second].map((userId) => ({ userId, weekPlan })),
  });
  await world.call('POST', '/v1/manage/days', {
    items: [0, 1, 2, 3].map((day) => ({ userId: first, day: dayText(day), plan: 'o', locationId: london })),
  });
  await world.call('PUT', `/v1/manage/users/${second}/days/${dayText(1)}`, {
    plan: 'o',
    locationId: london,
    booking: { nodeId: known.desk?.[0] },
    reason: world.marker,
  });
  await world.call('POST', `/v1/manage/users/${third}/leaves`, {
    startDate: dayText(4),
    endDate: dayText(6),
  });
  await world.call('PUT', `/v1/manage/desks/${known.desk?.[3]}/assignment`, { userId: third });
}

async function makeEvents(world: World): Promise<void> {
  const { known, marker } = world;
  const sourceId = `door ${marker}`;
  const [london] = known.location ?? [];
  const events = [0, 1, 2, 3, 4, 5].flatMap((ago) =>
    [0, 1, 2].map((at) => ({
      eventId: `${ago}-${at}`,
      timestamp: new Date(Date.now() - ago * DAY_MS - 60_000).toISOString(),
      locationId: london,
      locationType: 'location',
      userId: known.user?.[at],
    })),
  );
  const refused = { ...events[0], eventId: marker, userId: randomUUID() };
  await world.call('POST', '/v1/presence', { sourceId, presenceEvents: [...events, refused] });
  const { userId: _, ...common } = events[0] ?? {};
  const sensor = {
    ...common,
    locationId: known.space?.[0],
    locationType: 'space',
    occupied: true,
    occupancy: 2,
  };
  await world.call('POST', '/v1/occupancy', { sourceId, occupancyEvents: [sensor] });
  await world.call('POST', '/v1/visitor-arrival', {
    sourceId,
    visitorArrivals: [{ ...common, visitorName: marker, hostUserId: known.user?.[0] }],
  });
  await world.call('POST', '/v1/timeoff', {
    timeOffEvents: [
      {
        eventId: '1',
        uid: known.user?.[4],
        eventType: 'scheduled',
        startDate: dayText(2),
        endDate: dayText(3),
      },
      {
        eventId: '2',
        uid: randomUUID(),
        eventType: 'scheduled',
        startDate: dayText(2),
        endDate: dayText(3),
      },
    ],
  });
  const listed = (await world.call('GET', '/v1/manage/refused-events')).body;
  known.refusal = listed.items.map(({ refusalId }: { refusalId: string }) => refusalId);
}

async function makeFloorPlan(world: World): Promise<void> {
  const { known } = world;
  const path = `/v1/manage/levels/${known.level?.[0]}/floor-plan`;
  const image = (await world.call('POST', `${path}/images`, PNG, 'image/png')).body as { imageId: string };
  known.image = [image.imageId];
  const plan = {
    imageId: image.imageId,
    aspectRatio: 1.5,
    placements: [{ nodeId: known.desk?.[0], x: 0.5, y: 0.5 }],
  };
  await world.call('PUT', `${path}/draft`, plan);
  await world.call('POST', `${path}/publication`);
  await world.call('PUT', `${path}/draft`, { ...plan, placements: [] });
}

async function provision(world: World): Promise<void> {
  const call = (path: string, body: object) =>
    world.callWith(
      { authorization: `Bearer ${world.scimToken}` },
      'POST',
      `/scim/v2/${path}`,
      body,
      'application/scim+json',
    );
  world.known.scimUser = [];
  for (const at of [0, 1, 2, 3, 4, 5]) {
    const userName = `provisioned${at}.${world.slug}`;
    const emails = [{ value: `${userName}@example.com`, primary: true }];
    const { body } = await call('Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName,
      emails,
      name: { familyName: world.marker },
      active: true,
    });
    world.known.scimUser.push(body.id as string);
  }
  world.known.scimGroup = [];
  for (const at of [0, 1, 2, 3, 4, 5]) {
    const { body } = await call('Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: `Group ${at} ${world.marker}`,
      members: world.known.scimUser.map((value) => ({ value })),
    });
    world.known.scimGroup.push(body.id as string);
  }
}

/** The place where the second page begins, of each list that has one. */
export async function readCursors(world: World): Promise<void> {
  const lists = [
    'locations',
    'levels',
    'zones',
    'desks',
    'spaces',
    'users',
    'nodes',
    'accounts',
    'keys',
    'requests',
  ];
  for (const list of lists) {
    const { next } = (await world.call('GET', `/v1/manage/${list}?limit=1`)).body as { next: string | null };
    if (next !== null) world.known[`cursor /v1/manage/${list}`] = [next];
  }
  for (const dataset of ['users', 'groups', 'locations', 'desks', 'spaces']) {
    const { headers } = await world.call('GET', `/v1/analytics/${dataset}?limit=1`);
    const next = new URL(/<([^>]+)>/.exec(String(headers.link))?.[1] ?? 'x:?', 'http://x').searchParams.get(
      'after',
    );
    for (const path of [dataset, `${dataset}/basic`]) {
      if (next !== null) world.known[`cursor /v1/analytics/${path}`] = [next];
      world.known[`changedSince /v1/analytics/${path}`] = [String(headers['rollcall-cursor'])];
    }
  }
}
