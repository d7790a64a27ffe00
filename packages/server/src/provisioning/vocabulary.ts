import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA } from './schemas.ts';

/** An attribute that a path can name. */
export interface Attribute {
  name: string;
  /** Whether the server stores it. Otherwise the server accepts it without effect. */
  isKept: boolean;
  isReadOnly: boolean;
  isMultiValued: boolean;
  /** Names of sub-attributes. Those that are not in `keptParts` have no effect. */
  parts: readonly string[];
  keptParts: readonly string[];
}

/** The attributes of a schema, by their names in lower case. */
export type Attributes = ReadonlyMap<string, Attribute>;

/** The attributes that paths of a kind of resource can name. */
export interface Vocabulary {
  core: { schema: string; attributes: Attributes };
  enterprise?: { schema: string; attributes: Attributes };
}

type Rules = Record<string, Partial<Omit<Attribute, 'name'>>>;

function attributes(rules: Rules): Attributes {
  return new Map(
    Object.entries(rules).map(([name, rule]) => {
      const parts = rule.parts ?? [];
      const defaults = { isKept: true, isReadOnly: false, isMultiValued: false, keptParts: parts };
      return [name.toLowerCase(), { ...defaults, ...rule, name, parts }];
    }),
  );
}

const COMMON: Rules = {
  id: { isReadOnly: true },
  meta: { isReadOnly: true, parts: ['resourceType', 'created', 'lastModified', 'location', 'version'] },
  schemas: { isReadOnly: true },
  externalId: {},
};
const VALUE_PARTS = ['value', 'type', 'primary', 'display', '$ref'];
const NOT_KEPT: Rules[string] = { isKept: false };
const NOT_KEPT_VALUES: Rules[string] = { isKept: false, isMultiValued: true, parts: VALUE_PARTS };

/** All attributes of RFC 7643 sections 4.1 and 4.3, so that only unknown attributes are refused. */
export const USER_VOCABULARY: Vocabulary = {
  core: {
    schema: USER_SCHEMA,
    attributes: attributes({
      ...COMMON,
      userName: {},
      name: {
        parts: ['formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix'],
        keptParts: ['familyName', 'givenName'],
      },
      displayName: {},
      active: {},
      emails: {
        isMultiValued: true,
        parts: VALUE_PARTS,
        keptParts: ['value', 'type', 'primary', 'display'],
      },
      groups: { isReadOnly: true, isMultiValued: true, parts: VALUE_PARTS },
      nickName: NOT_KEPT,
      profileUrl: NOT_KEPT,
      title: NOT_KEPT,
      userType: NOT_KEPT,
      preferredLanguage: NOT_KEPT,
      locale: NOT_KEPT,
      timezone: NOT_KEPT,
      password: NOT_KEPT,
      phoneNumbers: NOT_KEPT_VALUES,
      ims: NOT_KEPT_VALUES,
      photos: NOT_KEPT_VALUES,
      entitlements: NOT_KEPT_VALUES,
      roles: NOT_KEPT_VALUES,
      x509Certificates: NOT_KEPT_VALUES,
      addresses: {
        ...NOT_KEPT_VALUES,
        parts: [
          'formatted',
          'streetAddress',
          'locality',
          'region',
          'postalCode',
          'country',
          'type',
          'primary',
        ],
      },
    }),
  },
  enterprise: {
    schema: ENTERPRISE_SCHEMA,
    attributes: attributes({
      employeeNumber: {},
      costCenter: {},
      organization: {},
      division: {},
      department: {},
      manager: { parts: ['value', '$ref', 'displayName'], keptParts: ['value'] },
    }),
  },
};

/** RFC 7643 section 4.2. */
export const GROUP_VOCABULARY: Vocabulary = {
  core: {
    schema: GROUP_SCHEMA,
    attributes: attributes({
      ...COMMON,
      displayName: {},
      members: {
        isMultiValued: true,
        parts: ['value', '$ref', 'display', 'type'],
        keptParts: ['value'],
      },
    }),
  },
};
