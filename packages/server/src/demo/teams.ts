import type { HierarchyGroup } from '../store/directory/groups.ts';
import type { Random } from './random.ts';

export const TEAM = 'team';
const DIVISION = 'division';

const DIVISIONS = [
  { division: 'Technology', teams: ['Platform', 'Data', 'Security', 'Mobile', 'Payments'] },
  { division: 'Commercial', teams: ['Sales', 'Marketing', 'Partnerships', 'Customer Care'] },
  { division: 'Operations', teams: ['Finance', 'People', 'Legal', 'Workplace'] },
] as const;
const PEOPLE_PER_TEAM = 12;

/** The teams of `userCount` users, and the divisions above them. */
export function makeTeams(
  userCount: number,
  random: Random,
): { teams: string[]; hierarchy: HierarchyGroup[] } {
  const count = Math.max(DIVISIONS.length, Math.ceil(userCount / PEOPLE_PER_TEAM));
  const teams = Array.from({ length: count }, (_, index) => {
    // Divisions take turns, so that even a small organisation has all of them.
    const { division, teams: own } = DIVISIONS[index % DIVISIONS.length] ?? DIVISIONS[0];
    const round = Math.floor(index / DIVISIONS.length);
    const name = own[round % own.length];
    const number = 1 + Math.floor(round / own.length);
    return { division, team: number === 1 ? `${name}` : `${name} ${number}` };
  });
  return {
    teams: teams.map(({ team }) => team),
    hierarchy: [
      ...DIVISIONS.map(({ division }) => ({ groupType: DIVISION, name: division, parent: null })),
      ...teams.map(({ team, division }) => ({
        groupType: TEAM,
        name: team,
        parent: { groupType: DIVISION, name: division },
      })),
    ].map((group) => ({ ...group, groupId: random.guid() })),
  };
}

/** Chooses a team, mostly one of this office, so that colleagues meet. */
export function pickTeam(teams: string[], officeIndex: number, random: Random): string {
  const atHome = teams.filter((_, index) => Math.floor(index / DIVISIONS.length) % 3 === officeIndex);
  return random.pick(atHome.length > 0 && random.chance(0.85) ? atHome : teams);
}
