import { isDeepStrictEqual } from 'node:util';
import { Claims } from '../directory/upsert.ts';
import type { Identity } from '../directory/user-writer.ts';
import { type UserItem, writeUsers } from '../directory/users.ts';
import { HttpProblem } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectoryForFew } from '../store/connections/directory-lock.ts';
import { deleteUser, restoreUsers } from '../store/directory/deleted-users.ts';
import { deriveGroups } from '../store/directory/derived-groups.ts';
import { getDirectorySettings } from '../store/directory/directory-settings.ts';
import {
  type AttributePatch,
  type AttributeValue,
  mergeAttributes,
  type WritableUser,
} from '../store/directory/users.ts';
import { listErasedAmong } from '../store/privacy/erasures.ts';
import {
  findProvisionedUser,
  listProvisionedUsers,
  listProvisionedUsersById,
  type ProvisionedUser,
  USER_COLUMNS,
} from '../store/provisioning/provisioned-users.ts';
import { isUsual, replaceUserEmails } from '../store/provisioning/user-emails.ts';
import { wrong } from './errors.ts';
import { filterOf } from './filter.ts';
import { patchDocument } from './patch.ts';
import {
  type CreateRequest,
  missing,
  orProblem,
  type Precondition,
  type ResourceType,
  type WriteRequest,
} from './resource-type.ts';
import { USER_PATH } from './schemas.ts';
import {
  listNamesakes,
  type RequestedUser,
  refuseTaken,
  UniquenessIndex,
  UserCreation,
} from './user-creation.ts';
import { readUser, type UserInput, userResource, userVersion, writableUser } from './user-resource.ts';

/** Users, RFC 7643 section 4.1. */
export const USERS: ResourceType = {
  name: 'User',
  path: USER_PATH,
  answersPatch: true,

  list: async (tx, { tenantId, baseUrl, filter, offset, limit }) => {
    const conditions = filter === undefined ? [] : filterOf(filter, USER_COLUMNS);
    const { total, users } = await listProvisionedUsers(tx, tenantId, conditions, { offset, limit });
    return { total, resources: users.map((user) => userResource(user, baseUrl)) };
  },

  find: async (tx, { tenantId, baseUrl }, userId) => {
    const user = await findProvisionedUser(tx, tenantId, userId);
    return user && userResource(user, baseUrl);
  },

  findVersion: async (tx, tenantId, userId) => {
    const user = await findProvisionedUser(tx, tenantId, userId);
    return user && userVersion(user);
  },

  mostCreatedTogether: 100,

  create: async (tx, writing, creations) => {
    const { tenantId, author } = writing;
    const wanted = creations.map(({ document }) =>
      orProblem((): RequestedUser => ({ active: true, ...withoutUndefined(readUser(document)) })),
    );
    await lockDirectoryForFew(tx, tenantId);
    const readable = wanted.flatMap((each) => (each instanceof HttpProblem ? [] : [each]));
    const namesakes = await listNamesakes(tx, tenantId, readable);
    const deleted = namesakes.flatMap(({ userId, deprovisioned }) => (deprovisioned ? userId : []));
    const creation = new UserCreation(namesakes, await listErasedAmong(tx, tenantId, deleted));
    const people = wanted.map((each) =>
      each instanceof HttpProblem ? each : orProblem(() => ({ userId: creation.admit(each), wanted: each })),
    );
    await restoreUsers(tx, tenantId, creation.returning, author.at);
    const admitted = people.flatMap((person) => (person instanceof HttpProblem ? [] : [person]));
    // A restored user is not as it was found.
    await write(tx, writing, admitted, creation.returning.length === 0 ? namesakes : undefined);
    const userIds = admitted.map(({ userId }) => userId);
    const users = new Map(
      (await listProvisionedUsersById(tx, tenantId, userIds)).map((user) => [user.userId, user]),
    );
    return people.map((person, index) => {
      if (person instanceof HttpProblem) return person;
      const user = users.get(person.userId) as ProvisionedUser;
      return userResource(user, (creations[index] as CreateRequest).reading.baseUrl);
    });
  },

  replace: (tx, writing, userId, document, precondition) =>
    change(tx, writing, userId, precondition, () => readUser(document)),

  patch: (tx, writing, userId, operations, precondition) =>
    change(tx, writing, userId, precondition, (user) =>
      readUser(patchDocument(writableUser(user), operations)),
    ),

  remove: async (tx, writing, userId, precondition) => {
    const { userName } = await findToChange(tx, writing.tenantId, userId, precondition);
    await upsert(tx, writing, [{ userId, userName, status: 'inactive' }], new Map());
    await deleteUser(tx, writing.tenantId, userId, writing.author.at);
  },
};

async function change(
  tx: Tx,
  writing: WriteRequest,
  userId: string,
  precondition: Precondition,
  read: (user: ProvisionedUser) => UserInput,
): Promise<void> {
  const { tenantId } = writing;
  const current = await findToChange(tx, tenantId, userId, precondition);
  const wanted = { active: current.status === 'active', ...withoutUndefined(read(current)) };
  const namesakes = await listNamesakes(tx, tenantId, [wanted], [userId]);
  refuseTaken(new UniquenessIndex(namesakes), userId, wanted);
  await write(tx, writing, [{ userId, current, wanted }], namesakes);
}

async function findToChange(
  tx: Tx,
  tenantId: string,
  userId: string,
  precondition: Precondition,
): Promise<ProvisionedUser> {
  await lockDirectoryForFew(tx, tenantId);
  const user = await findProvisionedUser(tx, tenantId, userId);
  if (!user) throw missing();
  precondition(userVersion(user));
  return user;
}

/** The requested state of a user, and the present state if the user exists. */
interface UserWrite {
  userId: string;
  wanted: RequestedUser;
  current?: ProvisionedUser;
}

/** Writes whole users. Does not write rows that would stay the same. `known` are their namesakes, as stored now. */
async function write(
  tx: Tx,
  writing: WriteRequest,
  people: UserWrite[],
  known: readonly WritableUser[] | undefined,
): Promise<void> {
  if (people.length === 0) return;
  const { tenantId, author } = writing;
  const changed = new Map(people.map((person) => [person.userId, changedAttributes(person)]));
  for (const [userId, attributes] of changed) if (attributes.size === 0) changed.delete(userId);
  const created = await upsert(
    tx,
    writing,
    people.map(({ userId, wanted: { userName, email, firstName, lastName, active } }) => {
      return { userId, userName, email, firstName, lastName, status: active ? 'active' : 'inactive' };
    }),
    new Map(people.map(({ userId, wanted }) => [userId, { ...wanted, attributes: changed.get(userId) }])),
    known,
  );
  const readdressed = people.filter((person) => !sameEmails(person));
  await replaceUserEmails(
    tx,
    tenantId,
    new Map(readdressed.map(({ userId, wanted }) => [userId, wanted])),
    author.at,
  );
  if (changed.size === 0) return;
  const merged = new Map([...changed].filter(([userId]) => !created.has(userId)));
  if (merged.size > 0) await mergeAttributes(tx, tenantId, merged, author.at);
  await deriveGroups(tx, tenantId, await getDirectorySettings(tx, tenantId), [...changed.keys()]);
}

/** Only attributes whose text differs: a stored value may be a number from another source. */
function changedAttributes({ wanted, current }: UserWrite): AttributePatch {
  const unlike = ([name, value]: [string, AttributeValue | null]) =>
    value !== (current?.attributes[name]?.toString() ?? null);
  return new Map([...(wanted.attributes ?? [])].filter(unlike));
}

/** Whether the user's addresses stay the same. A new or returning user has only `email`, in its default form. */
function sameEmails({ wanted, current }: UserWrite): boolean {
  if (!current) return isUsual(wanted.emails);
  return current.email === wanted.email && isDeepStrictEqual(current.emails, wanted.emails);
}

/**
 * Writes through `writeUsers`, as all writers of users do. Returns the ids of new users. Throws a 400 if it refuses an
 * item.
 */
async function upsert(
  tx: Tx,
  { tenantId, author }: WriteRequest,
  items: UserItem[],
  identities: ReadonlyMap<string, Identity>,
  known?: readonly WritableUser[],
): Promise<Set<string>> {
  const results = await writeUsers(tx, tenantId, items, { author, claims: new Claims(), identities, known });
  const created = new Set<string>();
  for (const result of results) {
    if ('refused' in result) throw wrong('invalidValue', `${result.refused}.`);
    if (result.result === 'created') created.add(result.id);
  }
  return created;
}

function withoutUndefined(wanted: UserInput): Omit<UserInput, 'active'> & { active?: boolean } {
  const { active, ...rest } = wanted;
  return active === undefined ? rest : { ...rest, active };
}
