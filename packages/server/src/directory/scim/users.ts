import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Tx } from '../../store/db.ts';
import { lockDirectory } from '../../store/directory-lock.ts';
import { getDirectorySettings } from '../../store/directory-settings.ts';
import { fold } from '../../store/fold.ts';
import { followAttributes } from '../../store/group-following.ts';
import {
  deprovisionUser,
  findHolders,
  findProvisionedUser,
  type Holder,
  listProvisionedUsers,
  type ProvisionedUser,
  USER_COLUMNS,
  updateProvisionedUser,
} from '../../store/provisioned-users.ts';
import { replaceUserEmails } from '../../store/user-emails.ts';
import { mergeAttributes } from '../../store/users.ts';
import { type UserItem, upsertUsers } from '../users.ts';
import { quote } from '../values.ts';
import { taken, wrong } from './errors.ts';
import { filterOf } from './filter.ts';
import { patchDocument } from './patch.ts';
import { missing, type Precondition, type ResourceType, type Writing } from './resource-type.ts';
import { USER_PATH } from './schemas.ts';
import { readUser, userResource, userVersion, type WantedUser, writableUser } from './user-resource.ts';

/** People, RFC 7643 section 4.1. */
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

  create: async (tx, writing, document) => {
    const { tenantId } = writing;
    const wanted = { active: true, ...withoutUndefined(readUser(document)) };
    await lockDirectory(tx, tenantId);
    const holders = await findHolders(tx, tenantId, keysOf(wanted));
    // Whoever was deleted and comes back is the same person, with their history.
    const before = holders.find(({ member, deprovisioned }) => member === 'userName' && deprovisioned);
    const userId = before?.userId ?? randomUUID();
    refuseTaken(holders, userId, wanted);
    const current = before && (await findProvisionedUser(tx, tenantId, userId, { deprovisioned: true }));
    await write(tx, writing, { userId, current, wanted });
    return userId;
  },

  replace: (tx, writing, userId, document, precondition) =>
    change(tx, writing, userId, precondition, () => readUser(document)),

  patch: (tx, writing, userId, operations, precondition) =>
    change(tx, writing, userId, precondition, (user) =>
      readUser(patchDocument(writableUser(user), operations)),
    ),

  remove: async (tx, writing, userId, precondition) => {
    const { userName } = await findToChange(tx, writing.tenantId, userId, precondition);
    await upsert(tx, writing, { userId, userName, status: 'inactive' });
    await deprovisionUser(tx, writing.tenantId, userId);
  },
};

type Wanted = WantedUser & { active: boolean };

async function change(
  tx: Tx,
  writing: Writing,
  userId: string,
  precondition: Precondition,
  read: (user: ProvisionedUser) => WantedUser,
): Promise<void> {
  const { tenantId } = writing;
  const current = await findToChange(tx, tenantId, userId, precondition);
  const wanted = { active: current.status === 'active', ...withoutUndefined(read(current)) };
  refuseTaken(await findHolders(tx, tenantId, keysOf(wanted)), userId, wanted);
  await write(tx, writing, { userId, current, wanted });
}

async function findToChange(
  tx: Tx,
  tenantId: string,
  userId: string,
  precondition: Precondition,
): Promise<ProvisionedUser> {
  await lockDirectory(tx, tenantId);
  const user = await findProvisionedUser(tx, tenantId, userId);
  if (!user) throw missing();
  precondition(userVersion(user));
  return user;
}

function keysOf({ userName, externalId, email }: WantedUser) {
  return { userNameFolded: fold(userName), externalId, email };
}

/** Throws a 409 where somebody other than `userId` has what is to be unique. */
function refuseTaken(holders: Holder[], userId: string, wanted: Wanted): void {
  const other = holders.find(
    (holder) => holder.userId !== userId && (holder.member !== 'email' || wanted.active),
  );
  if (!other) return;
  const owner = other.deprovisioned ? 'a user who was deleted' : `user ${other.userId}`;
  throw taken(`${other.member} ${quote(wanted[other.member] ?? '')} is already that of ${owner}.`);
}

/** Writes a person whole. What is so already is not written. */
async function write(
  tx: Tx,
  writing: Writing,
  { userId, current, wanted }: { userId: string; current: ProvisionedUser | undefined; wanted: Wanted },
): Promise<void> {
  const { tenantId, author } = writing;
  const { userName, email, firstName, lastName, active, attributes } = wanted;
  const status = active ? 'active' : 'inactive';
  await upsert(tx, writing, { userId, userName, email, firstName, lastName, status });
  await updateProvisionedUser(tx, tenantId, { ...wanted, userId }, author.at);
  if (!sameEmails(current, wanted)) {
    await replaceUserEmails(tx, tenantId, new Map([[userId, wanted]]), author.at);
  }
  // One that reads the same is left as it is: it may be a number that others gave.
  const changed = [...(attributes ?? [])].filter(
    ([name, value]) => value !== (current?.attributes[name]?.toString() ?? null),
  );
  if (changed.length === 0) return;
  await mergeAttributes(tx, tenantId, new Map([[userId, new Map(changed)]]), author.at);
  await followAttributes(tx, tenantId, await getDirectorySettings(tx, tenantId), [userId]);
}

function sameEmails(current: ProvisionedUser | undefined, { email, emails }: Wanted): boolean {
  return current?.email === email && isDeepStrictEqual(current.emails, emails);
}

/** The one writer of users, with one item, which it must not refuse. */
async function upsert(tx: Tx, { tenantId, author }: Writing, item: UserItem): Promise<void> {
  const [result] = await upsertUsers(tx, tenantId, [item], author);
  if (result && 'refused' in result) throw wrong('invalidValue', `${result.refused}.`);
}

function withoutUndefined(wanted: WantedUser): Omit<WantedUser, 'active'> & { active?: boolean } {
  const { active, ...rest } = wanted;
  return active === undefined ? rest : { ...rest, active };
}
