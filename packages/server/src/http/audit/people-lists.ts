import type { AuditSubject } from '../../store/audit/entries.ts';

/** A person for each row of a list that shows one. */
export type ShownPeople = readonly AuditSubject[];

interface Person {
  userId?: string | null;
}

const asUsers = (rows: readonly (Person | null | undefined)[] = []) =>
  rows.flatMap((row): AuditSubject[] => (row?.userId ? [{ kind: 'user', reference: row.userId }] : []));

const ofItems = ({ items }: { items?: Person[] }) => asUsers(items);

interface Floor {
  items?: { people: Person[]; owner?: Person | null }[];
  others?: Person[];
}
const ofFloor = ({ items = [], others = [] }: Floor) =>
  asUsers([...items.flatMap(({ people, owner }) => [...people, owner]), ...others]);

const ofAccounts = ({ items = [] }: { items?: { accountId: string; email: string }[] }) =>
  items.map(({ accountId, email }): AuditSubject => ({ kind: 'account', reference: accountId, name: email }));

const ofScimUsers = ({ Resources = [] }: { Resources?: { id: string }[] }) =>
  asUsers(Resources.map(({ id }) => ({ userId: id })));

interface ScimGroup {
  members?: { value: string }[];
}
const ofScimGroup = ({ members = [] }: ScimGroup) => asUsers(members.map(({ value }) => ({ userId: value })));
const ofScimGroups = ({ Resources = [] }: { Resources?: ScimGroup[] }) => Resources.flatMap(ofScimGroup);

/** The operations that list people, each with what finds them in the answer. */
export const PEOPLE_LISTS: Readonly<Record<string, (answer: object) => ShownPeople>> = {
  'GET /v1/manage/users': ofItems,
  'GET /v1/manage/week-plans': ofItems,
  'GET /v1/manage/days': ofItems,
  'GET /v1/manage/desk-assignments': ofItems,
  'GET /v1/manage/accounts': ofAccounts,
  'GET /v1/manage/levels/:levelId/floor': ofFloor,
  'GET /v1/manage/locations/:locationId/arrivals': ({ people }: { people?: Person[] }) => asUsers(people),
  'GET /scim/v2/Users': ofScimUsers,
  'POST /scim/v2/Users/.search': ofScimUsers,
  'GET /scim/v2/Groups': ofScimGroups,
  'POST /scim/v2/Groups/.search': ofScimGroups,
  'GET /scim/v2/Groups/:id': ofScimGroup,
};
