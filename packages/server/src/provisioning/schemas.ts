import { Types } from 'scimmy';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const USER_PATH = '/Users';
export const GROUP_PATH = '/Groups';

const { Attribute, SchemaDefinition } = Types;

const value = (description: string) => new Attribute('string', 'value', { description });
const readOnly = { mutable: false, direction: 'out' };

/** The attributes that the server stores. It accepts and ignores the other attributes of RFC 7643. */
export const SCHEMA_DEFINITIONS = [
  new SchemaDefinition('User', USER_SCHEMA, 'A user of the organisation', [
    new Attribute('string', 'userName', {
      required: true,
      uniqueness: 'server',
      description: 'Identifies the user, without regard to case',
    }),
    new Attribute('complex', 'name', { description: "The user's names" }, [
      new Attribute('string', 'formatted', { ...readOnly, description: 'Both names' }),
      new Attribute('string', 'givenName', { description: 'First name' }),
      new Attribute('string', 'familyName', { description: 'Last name' }),
    ]),
    new Attribute('string', 'displayName', {
      description: 'The name to show; both names if it is not given',
    }),
    new Attribute('boolean', 'active', {
      description: 'Whether the user can be detected, plan and book; an inactive user keeps the history',
    }),
    new Attribute(
      'complex',
      'emails',
      {
        multiValued: true,
        description: 'Addresses; events match the primary one, else the first of type work, else the first',
      },
      [
        value('The address, stored as given'),
        new Attribute('string', 'type', { description: 'work, home or other' }),
        new Attribute('boolean', 'primary', { description: 'true for at most one address' }),
        new Attribute('string', 'display', { description: 'The address to show' }),
      ],
    ),
    new Attribute(
      'complex',
      'groups',
      { ...readOnly, multiValued: true, description: 'The provisioned groups of the user' },
      [
        new Attribute('string', 'value', { ...readOnly, description: 'id of the group' }),
        new Attribute('reference', '$ref', {
          ...readOnly,
          referenceTypes: ['Group'],
          description: 'URI of the group',
        }),
        new Attribute('string', 'display', { ...readOnly, description: 'displayName of the group' }),
        new Attribute('string', 'type', { ...readOnly, description: 'direct' }),
      ],
    ),
  ]),
  new SchemaDefinition(
    'EnterpriseUser',
    ENTERPRISE_SCHEMA,
    'Attributes of a user, from which groups can be derived',
    [
      ...['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map(
        (name) => new Attribute('string', name, { description: `The attribute ${name}` }),
      ),
      new Attribute('complex', 'manager', { description: 'The attribute manager' }, [
        value('The manager, by any id of the identity provider'),
      ]),
    ],
  ),
  new SchemaDefinition('Group', GROUP_SCHEMA, 'A provisioned group', [
    new Attribute('string', 'displayName', {
      required: true,
      description: "The group's name, unique among groups of its type",
    }),
    new Attribute('complex', 'members', { multiValued: true, description: 'The users in the group' }, [
      new Attribute('string', 'value', { mutable: 'immutable', description: 'id of the user' }),
      new Attribute('reference', '$ref', {
        ...readOnly,
        referenceTypes: ['User'],
        description: 'URI of the user',
      }),
      new Attribute('string', 'display', { ...readOnly, description: 'displayName of the user' }),
      new Attribute('string', 'type', { ...readOnly, description: 'User' }),
    ]),
  ]),
];
