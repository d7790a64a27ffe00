import { NotFoundError, type Rollcall, type UserRow } from '@rollcall/sdk';
import { addTo } from '../../store/values/group-by.ts';

/** The value that a name resolves to, or the reason why it resolves to nothing. */
export type OrFault<T> = T | { fault: string };

/** A node of the tree, as events name it. */
export interface NodeReference {
  locationId: string;
  locationType: string;
}

/** A server without the dataset, such as the vendor's, gives no rows. */
type Lists = Pick<Rollcall['analytics'], 'locations' | 'desks' | 'spaces' | 'users'>;

/** The active nodes and users of an organisation, by their names in the warehouse. */
export class NameDirectory {
  /** By the path in lower case. */
  readonly #nodes = new Map<string, (NodeReference & { path: string })[]>();
  readonly #typeById = new Map<string, string>();
  readonly #officeById = new Map<string, string>();
  readonly #zoneByOffice = new Map<string, string>();
  readonly #users = new UserIndex();
  #hasEmployeeNumbers = false;

  /** Reads the whole directory with a key of the role Data Warehouse. Throws the errors of the client. */
  static async read({ analytics }: { analytics: Lists }, signal: AbortSignal): Promise<NameDirectory> {
    const directory = new NameDirectory();
    for await (const { locationId, locationName, timeZone, status } of analytics.locations({ signal })) {
      if (status !== 'active') continue;
      directory.#add('location', locationId, locationId, [locationName]);
      directory.#zoneByOffice.set(locationId, timeZone);
    }
    for await (const row of ifThere(analytics.desks({ signal }))) {
      if (row.status !== 'active') continue;
      const { locationId: office, locationName, levelName, zoneName } = row;
      directory.#add('level', row.levelId, office, [locationName, levelName]);
      directory.#add('zone', row.zoneId, office, [locationName, levelName, zoneName]);
      directory.#add('place', row.deskId, office, [locationName, levelName, zoneName, row.deskName]);
    }
    for await (const row of ifThere(analytics.spaces({ signal }))) {
      if (row.status !== 'active') continue;
      const { locationId: office, locationName, levelName } = row;
      directory.#add('level', row.levelId, office, [locationName, levelName]);
      directory.#add('space', row.spaceId, office, [locationName, levelName, row.spaceName]);
    }
    for await (const row of analytics.users({ signal })) {
      if (row.status !== 'active') continue;
      directory.#hasEmployeeNumbers ||= row.employeeNumber !== undefined;
      directory.#users.add(row);
    }
    return directory;
  }

  /** Whether any user has an employee number. Only Rollcall returns them. */
  get hasEmployeeNumbers(): boolean {
    return this.#hasEmployeeNumbers;
  }

  /** The node of a path such as `Office/Level/Zone/Desk`. Case does not matter if only one node fits. */
  node(text: string): OrFault<NodeReference> {
    const path = pathOf(text.split('/'));
    const all = this.#nodes.get(fold(path)) ?? [];
    const exact = all.filter((each) => each.path === path);
    const [first, ...others] = exact.length > 0 ? exact : all;
    if (!first) return { fault: `locationName ${text}: no active node has this name` };
    if (others.length > 0)
      return { fault: `locationName ${text} is ambiguous: ${others.length + 1} active nodes have this name` };
    return { locationId: first.locationId, locationType: first.locationType };
  }

  /** The kind of a node; undefined if unknown. */
  typeOf(locationId: string): string | undefined {
    return this.#typeById.get(locationId.toLowerCase());
  }

  /** The time zone of a node's office; undefined if unknown. */
  zoneOf(locationId: string): string | undefined {
    return this.#zoneByOffice.get(this.#officeById.get(locationId.toLowerCase()) ?? '');
  }

  /** The id of the user with an employee number. */
  byEmployeeNumber(number: string): OrFault<{ userId: string }> {
    return this.#users.byNumber(number);
  }

  /**
   * The id of the user whose e-mail address or userName differs from `name` by case only; undefined if a user has
   * exactly `name`.
   */
  byName(member: string, name: string): OrFault<{ userId: string }> | undefined {
    return this.#users.byName(member, name);
  }

  #add(locationType: string, locationId: string, officeId: string, names: string[]): void {
    if (this.#typeById.has(locationId)) return;
    this.#typeById.set(locationId, locationType);
    this.#officeById.set(locationId, officeId);
    const path = pathOf(names);
    addTo(this.#nodes, fold(path), { locationId, locationType, path });
  }
}

class UserIndex {
  readonly #names = new Set<string>();
  readonly #byFoldedName = new Map<string, Set<string>>();
  readonly #byNumber = new Map<string, string[]>();

  add({ userId, email, userName, employeeNumber }: UserRow): void {
    for (const name of [email, userName]) {
      if (name === null) continue;
      this.#names.add(name);
      const ids = this.#byFoldedName.get(fold(name)) ?? new Set();
      this.#byFoldedName.set(fold(name), ids.add(userId));
    }
    if (employeeNumber !== undefined) addTo(this.#byNumber, employeeNumber, userId);
  }

  byNumber(number: string): OrFault<{ userId: string }> {
    const [userId, ...others] = this.#byNumber.get(number) ?? [];
    if (userId === undefined) return { fault: `employeeNumber ${number}: no active user has it` };
    return others.length > 0
      ? { fault: `employeeNumber ${number} is ambiguous: ${others.length + 1} active users have it` }
      : { userId };
  }

  byName(member: string, name: string): OrFault<{ userId: string }> | undefined {
    if (this.#names.has(name)) return undefined;
    const [userId, ...others] = this.#byFoldedName.get(fold(name)) ?? [];
    if (userId === undefined)
      return { fault: `${member} ${name}: no active user has this e-mail or userName` };
    return others.length > 0
      ? { fault: `${member} ${name} is ambiguous: ${others.length + 1} active users differ from it by case` }
      : { userId };
  }
}

function pathOf(names: readonly string[]): string {
  return names.map((name) => name.trim()).join('/');
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

async function* ifThere<T>(rows: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* rows;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}
