import type { UserItem } from '../directory/users.ts';
import type { HierarchyGroup } from '../store/directory/groups.ts';
import type { WeekPlan } from '../workday/plan.ts';
import { makeName, plain } from './names.ts';
import { type DemoOffice, makeOffices, officeOf } from './offices.ts';
import { Random } from './random.ts';
import { makeTeams, pickTeam } from './teams.ts';

/** The users and nodes of the demo organisation. */
export interface DemoDirectory {
  seed: number;
  offices: DemoOffice[];
  hierarchy: HierarchyGroup[];
  people: DemoPerson[];
}

export interface DemoPerson {
  /** From 0. It is part of the seed of this user's random choices. */
  number: number;
  userId: string;
  email: string;
  user: UserItem;
  office: DemoOffice;
  team: string;
  week: WeekPlan;
  /** The desk that this user prefers on a day without a booked desk. */
  favouriteDeskId: string;
  assignedDeskId: string | null;
  /** The probability that this user comes on a day planned at the office. */
  reliability: number;
}

/** The average share of office plans on each day from Monday to Friday. Hybrid work peaks from Tuesday to Thursday. */
const OFFICE_BY_WEEKDAY = [0.42, 0.7, 0.74, 0.66, 0.28] as const;
const ASSIGNED_DESKS = 0.08;

/** Makes up three offices and `userCount` users. The same arguments give the same data, including ids. */
export function makeDirectory(seed: number, userCount: number): DemoDirectory {
  const random = new Random(seed);
  const offices = makeOffices(userCount, random);
  const { teams, hierarchy } = makeTeams(userCount, random);
  const unassigned = new Map(offices.map((office) => [office, office.desks.map(({ deskId }) => deskId)]));
  const people = Array.from({ length: userCount }, (_, number): DemoPerson => {
    const { firstName, lastName } = makeName(random);
    const userName = `${plain(firstName)}.${plain(lastName)}${number + 1}`;
    const email = `${userName}@demo.example`;
    const office = officeOf(offices, random.next());
    const userId = random.guid();
    const eagerness = Math.max(0.1, random.around(1, 0.3));
    const desks = unassigned.get(office) ?? [];
    return {
      number,
      userId,
      email,
      user: {
        userId,
        userName,
        email,
        firstName,
        lastName,
        onboarded: true,
        primaryLocationId: office.locationId,
      },
      office,
      team: pickTeam(teams, offices.indexOf(office), random),
      week: makeWeek(eagerness, random),
      favouriteDeskId: random.pick(office.desks).deskId,
      assignedDeskId:
        (random.chance(ASSIGNED_DESKS) && desks.splice(random.below(desks.length), 1)[0]) || null,
      reliability: Math.min(0.98, Math.max(0.6, random.around(0.88, 0.06))),
    };
  });
  return { seed, offices, hierarchy, people };
}

function makeWeek(eagerness: number, random: Random): WeekPlan {
  const [monday, tuesday, wednesday, thursday, friday] = OFFICE_BY_WEEKDAY.map((share) =>
    random.chance(share * eagerness) ? { kind: 'o' as const, locationId: null } : { kind: 'r' as const },
  );
  return [monday ?? null, tuesday ?? null, wednesday ?? null, thursday ?? null, friday ?? null, null, null];
}
