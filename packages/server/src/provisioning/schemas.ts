import { Types } from 'scimmy';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const USER_PATH = '/Users';
export const GROUP_PATH = '/Groups';

const { Attribute, SchemaDefinition } = Types;

const value = (description: string) => new Attribute('string', 'value', { description });
const readOnly = { mutable: false, direction: 'out' };

/** What is kept of each kind of resource: RFC 7643 has more attributes, which are taken and ignored. */
export const SCHEMA_DEFINITIONS = [
  new SchemaDefinition('User', USER_SCHEMA, 'A person of the organisation', [
    new Attribute('string', 'userName', {
      required: true,
      uniqueness: 'server',
      description: 'Names the person, without regard to case',
    }),
    new Attribute('complex', 'name', { description: "The person's names" }, [
      new Attribute('string', 'formatted', { ...readOnly, description: 'Both names' }),
      new Attribute('string', 'givenName', { description: 'First name' }),
      new Attribute('string', 'familyName', { description: 'Last name' }),
    ]),
    new Attribute('string', 'displayName', {
      description: 'The name that is shown; both names where it is not given',
    }),
    new Attribute('boolean', 'active', {
      description: 'Whether the person may be seen, plan and book; who may not keeps their history',
    }),
    new Attribute(
      'complex',
      'emails',
      {
        multiValued: true,
        description:
          'Addresses; the primary one, else the first at work, else the first, is the one of the person',
      },
      [
        value('The address, kept as it is given'),
        new Attribute('string', 'type', { description: 'work, home or other' }),
        new Attribute('boolean', 'primary', { description: 'true for one address at most' }),
        new Attribute('string', 'display', { description: 'The address as it is shown' }),
      ],
    ),
    new Attribute(
      'complex',
      'groups',
      { ...readOnly, multiValued: true, description: 'The provisioned groups that the person is in' },
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
    'What becomes attributes of a person, which groups can follow',
    [
      ...['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map(
        (name) => new Attribute('string', name, { description: `The attribute ${name}` }),
      ),
      new Attribute('complex', 'manager', { description: 'The attribute manager' }, [
        value('Whatever the identity provider names the manager by'),
      ]),
    ],
  ),
  new SchemaDefinition('Group', GROUP_SCHEMA, 'A provisioned group', [
    new Attribute('string', 'displayName', {
      required: true,
      description: "The group's name, unique among groups of its type",
    }),
    new Attribute('complex', 'members', { multiValued: true, description: 'The people in the group' }, [
      new Attribute('string', 'value', { mutable: 'immutable', description: 'id of the person' }),
      new Attribute('reference', '$ref', {
        ...readOnly,
        referenceTypes: ['User'],
        description: 'URI of the person',
      }),
      new Attribute('string', 'display', { ...readOnly, description: 'displayName of the person' }),
      new Attribute('string', 'type', { ...readOnly, description: 'User' }),
    ]),
  ]),
];
