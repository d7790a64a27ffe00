const roles = {
  administrator: 'Administrator',
  integrations: 'Integrations',
  planner: 'Planner',
  viewer: 'Viewer',
};

/** The texts of the page Settings. */
export const settings = {
  title: 'Settings',
  view: 'Part of the settings',
  views: {
    people: 'People who may sign in',
    organisation: 'Organisation',
    retention: 'Retention',
    audit: 'Audit trail',
    methods: 'Sign-in methods',
  },
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  saved: 'Saved.',
  roles,
  people: {
    intro: 'These people may sign in to the organisation.',
    invite: 'Invite a person',
    columns: ['Person', 'Role', 'State', 'Since', 'Signs in by'],
    search: 'Search',
    searchHint: 'Any part of the name or the e-mail address',
    noMatch: { title: 'Nobody matches', advice: 'Search for a shorter part of the name or of the address.' },
    ways: {
      none: 'a link only',
      password: 'password',
      passkeys: (count: number) => (count === 1 ? 'a passkey' : `${count} passkeys`),
      passkeyRequired: 'a passkey is required',
      identities: (count: number) =>
        count === 1 ? 'the identity provider' : `${count} identities at the provider`,
    },
    you: 'you',
    states: { invited: 'invited', active: 'active', disabled: 'disabled by the operator' },
    roleOf: (email: string) => `Role of ${email}`,
    fromClaim: 'given by the identity provider',
    lastAdministrator:
      'You are the last administrator, so nobody can remove you or change your role. Make another person an administrator first.',
    actionsFor: (email: string) => `Actions for ${email}`,
    newInvitation: 'New invitation link',
    resetLink: 'Link for a new password',
    sessions: 'Sessions',
    remove: 'Remove',
    inviteForm: {
      title: 'Invite a person',
      email: 'E-mail address',
      name: 'Name',
      nameHint: 'You may leave it empty. The person can change it.',
      role: 'Role',
      submit: 'Make the invitation',
    },
    roleHints: {
      administrator: 'Everything in this organisation.',
      integrations:
        'Submits events, tries refused events again, manages keys that submit events, and keeps the settings of provisioning.',
      planner: 'Reads people and all numbers. Changes plans, bookings and assigned desks.',
      viewer: 'Sees places and numbers, and no names.',
    },
    link: {
      title: 'Send this link to the person',
      advice: (email: string) =>
        `Send it to ${email}. The server sends no mail. The link works once, and this page shows it only now.`,
      label: 'Link',
      expires: (instant: string) => `It works until ${instant}.`,
      copy: 'Copy',
      copied: 'Copied',
    },
    sessionsOf: (email: string) => `Sessions of ${email}`,
    noSessions: 'This person is signed in nowhere.',
    endSessions: 'End all sessions',
    removeTitle: (email: string) => `Remove ${email}?`,
    removeAdvice: 'The person loses the role at once. An account without another organisation is deleted.',
  },
  organisation: {
    slug: 'Name in addresses and commands',
    slugHint: 'It never changes.',
    name: 'Name',
    timeZone: 'Time zone',
    timeZoneHint: 'An IANA name, such as Europe/London. Offices have their own time zones.',
    groupAttributes: 'Attributes that make groups',
    groupAttributesHint: 'User attributes, separated by commas. Each value becomes a group.',
    primaryGroupAttribute: 'Attribute of the primary group',
    primaryGroupAttributeHint: 'Leave it empty for none.',
    readOnly: 'Only administrators change these settings.',
    conflict: 'Somebody else has changed these settings',
  },
  retention: {
    title: 'How long data is kept',
    intro:
      'The server keeps each kind of data for this time. It removes what is older, every night and at each start, and nothing brings it back. Where only names end, the rows stay for statistics.',
    columns: ['What', 'Kept for', 'Default of a new organisation'],
    kinds: {
      names: 'Names in presence events, plans, bookings and the action log',
      attendance: 'Presence events, plans and bookings',
      occupancy: 'Occupancy events',
      visitors: 'Arrivals of visitors',
      visitorNames: 'Names, addresses and companies of visitors',
      leave: 'Leave, after its last day',
      sickLeave: 'That a leave was sick leave, after its last day',
      actionLog: 'The action log of plans and bookings',
      refusedEvents: 'Refused events',
      accessCards: 'Access cards of people who left',
      weekPlans: 'Week plans of people who left',
    },
    units: { M: 'months', D: 'days', '': 'without limit' },
    period: (kept: string | null) => {
      if (kept === null) return 'without limit';
      const count = Number(kept.slice(1, -1));
      return `${count} ${kept.endsWith('M') ? 'month' : 'day'}${count === 1 ? '' : 's'}`;
    },
    countOf: (name: string) => `How long: ${name}`,
    unitOf: (name: string) => `Unit: ${name}`,
    count: 'Count what this removes',
    effects: 'This change removes data for ever',
    effect: (name: string, rows: number, isMore: boolean, day: string | null) =>
      day === null || (rows === 0 && !isMore)
        ? `${name}: nothing is removed.`
        : `${name}: ${isMore ? 'more than ' : ''}${rows.toLocaleString('en')} rows before ${day}.`,
    save: 'Save, and remove this',
    ofOperator: {
      audit: 'Entries of the audit trail; only the operator of the server changes this',
    } as Readonly<Record<string, string>>,
    readOnly: 'Only administrators change these settings.',
  },
  methods: {
    intro: 'The operator of the server sets these methods for all organisations.',
    on: 'on',
    off: 'off',
    password: 'Password',
    passwordNote: 'At least 12 characters. Failed sign-ins slow down later ones.',
    passkey: 'Passkey',
    passkeyNote: (relyingParty: string) =>
      `Each person adds passkeys under “My account”. They belong to the address ${relyingParty}.`,
    openid: 'OpenID Connect',
    openidOff: 'The operator turns it on with the setting --oidc-issuer.',
    openidNote: (name: string, issuer: string) => `“${name}”, at ${issuer}.`,
    rolesFromClaim: 'Its claim gives roles at each sign-in.',
    invitedOnly: 'Only people who were invited enter.',
    linksVerifiedEmail: 'A verified e-mail address connects a person to an account.',
  },
};
