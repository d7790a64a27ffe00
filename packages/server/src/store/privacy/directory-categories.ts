import { type Category, DERIVED, NODE, NODE_NAMES, ofPerson, type Seers, UNLIMITED } from './category.ts';

const DATASETS: Seers = {
  people: ['administrator', 'planner'],
  keys: ['data-warehouse', 'all'],
  identityProvider: true,
};
const MANAGEMENT: Seers = { people: ['administrator', 'planner'], keys: ['all'] };
const DIRECTORY_SOURCE =
  'an administrator, a file that was imported, a program with a key, or the identity provider';

/** Who a person is, and what belongs to the person. */
export const DIRECTORY_CATEGORIES: readonly Category[] = [
  {
    name: 'user',
    title: 'the user: names, e-mail address, status, office, attributes',
    table: 'users',
    purpose: 'to know whom an event, a plan or a booking is of',
    source: DIRECTORY_SOURCE,
    keptFor: UNLIMITED,
    seenBy: DATASETS,
    from: `${ofPerson('users')}
      LEFT JOIN nodes AS office ON office.tenant_id = t.tenant_id AND office.node_id = t.primary_location_id
      LEFT JOIN groups AS g ON g.tenant_id = t.tenant_id AND g.group_id = t.primary_group_id`,
    columns: {
      user_id: 'userId',
      user_name: 'userName',
      email: 'email',
      first_name: 'firstName',
      last_name: 'lastName',
      display_name: 'displayName',
      external_id: 'externalId',
      onboarded: 'onboarded',
      status: 'status',
      primary_location_id: 'primaryLocationId',
      primary_group_id: 'primaryGroupId',
      attributes: 'attributes',
      deprovisioned: 'deprovisioned',
      deprovisioned_at: 'deprovisionedAt',
      created_at: 'createdAt',
      modified_at: 'modifiedAt',
    },
    joined: { primaryLocationName: 'office.name', primaryGroupName: 'g.name' },
    leftOut: { user_name_folded: DERIVED, email_folded: DERIVED },
    order: 't.user_id',
  },
  {
    name: 'email-addresses',
    title: 'further e-mail addresses',
    table: 'user_emails',
    purpose: 'to give the identity provider back what it sent',
    source: 'the identity provider',
    keptFor: 'until the identity provider removes them',
    seenBy: { people: [], keys: [], identityProvider: true },
    from: ofPerson('user_emails'),
    columns: {
      position: 'position',
      value: 'value',
      type: 'type',
      is_primary: 'isPrimary',
      display: 'display',
    },
    leftOut: { value_folded: DERIVED, type_folded: DERIVED },
    order: 't.position',
  },
  {
    name: 'groups',
    title: 'groups of which the person is a member',
    table: 'group_members',
    purpose: 'to count attendance by group',
    source: DIRECTORY_SOURCE,
    keptFor: 'until the person leaves the group',
    seenBy: DATASETS,
    from: `${ofPerson('group_members')}
      JOIN groups AS g ON g.tenant_id = t.tenant_id AND g.group_id = t.group_id`,
    columns: { group_id: 'groupId' },
    joined: { groupName: 'g.name', groupType: 'g.group_type' },
    order: 'g.group_type, g.name, t.group_id',
  },
  {
    name: 'access-cards',
    title: 'access cards',
    table: 'access_credentials',
    purpose: 'to know whom an event of a badge reader is of',
    source: 'the access control system, or a file that was imported',
    keptFor: UNLIMITED,
    seenBy: MANAGEMENT,
    from: ofPerson('access_credentials'),
    columns: {
      facility_code: 'facilityCode',
      card_number: 'cardNumber',
      active: 'active',
      credential_type: 'credentialType',
      updated_at: 'updatedAt',
    },
    leftOut: { card_digest: DERIVED, card_number_digest: DERIVED },
    order: 't.card_number, t.facility_code',
  },
  {
    name: 'card-readings',
    title: 'what badge readers read from the cards',
    table: 'access_credential_scans',
    purpose: 'to know whom an event of a badge reader is of',
    source: 'the access control system, or a file that was imported',
    keptFor: 'until the card is updated without them',
    seenBy: { people: [], keys: [] },
    from: `JOIN access_credentials AS card ON card.tenant_id = person.tenant_id AND card.user_id = person.user_id
      JOIN access_credential_scans AS t ON t.tenant_id = card.tenant_id AND t.card_digest = card.card_digest`,
    columns: { scan_data: 'scanData' },
    joined: { cardNumber: 'card.card_number' },
    leftOut: { scan_digest: DERIVED, card_digest: DERIVED },
    order: 'card.card_number, t.scan_data',
  },
  {
    name: 'assigned-desks',
    title: 'desks that are assigned to the person',
    table: 'desk_assignments',
    purpose: 'to keep the desk for the person, and to book it',
    source: 'an administrator, a planner, a file that was imported, or a program with a key',
    keptFor: 'until the assignment ends',
    seenBy: { people: ['administrator', 'integrations', 'planner'], keys: ['all'] },
    from: `${ofPerson('desk_assignments')}
      ${NODE.replace('t.node_id', 't.place_id')}`,
    columns: { place_id: 'placeId' },
    joined: NODE_NAMES,
    order: 'node.location_name, node.place_name, t.place_id',
  },
];
