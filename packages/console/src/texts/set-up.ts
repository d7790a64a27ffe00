/** The texts of set-up. */
export const setUp = {
  title: 'Set up Rollcall',
  intro: 'Your organisation, and the account with which you administer it.',
  organisationName: 'Name of the organisation',
  timeZone: 'Time zone',
  timeZoneHint: 'It decides the dates of people without an office. Each office has a time zone of its own.',
  noZone: 'No time zone has this name',
  email: 'Your e-mail address',
  name: 'Your name',
  nameHint: 'You may leave it empty.',
  password: 'Password',
  passwordHint: 'At least 12 characters. A few words that do not belong together are good.',
  submit: 'Create the organisation',
  checking: 'The server checks your link.',
  noLink: {
    title: 'This needs a link',
    advice:
      'While there is no organisation, “rollcall serve” prints a link to this page. The link works once, for 15 minutes.',
  },
  invalid: {
    title: 'This link does not work',
    advice:
      'It was used before, it is too old, or Rollcall is set up already. The next start of “rollcall serve” prints a new link while there is no organisation.',
  },
  signIn: 'Sign in',
  steps: {
    title: 'Set-up',
    intro: 'Four steps lead to your first event. Each shows what is there already.',
    done: 'done',
    open: 'to do',
    places: {
      title: 'Offices and desks',
      advice:
        'Import them as CSV, with a preview of what would change, or add them by hand. Commands do the same: “rollcall import locations” and “rollcall import desks”.',
      done: (offices: string) => `Offices: ${offices}.`,
      link: 'Go to Places',
    },
    people: {
      title: 'People',
      advice:
        'Import them as CSV, or let an identity provider keep them current by SCIM. The command is “rollcall import users”.',
      done: 'There are people.',
      link: 'Go to People',
      scim: 'Set up SCIM',
    },
    key: {
      title: 'A key for the first source',
      advice: 'A source is a program that sends events, such as a badge reader.',
      done: (keys: string) => `Active keys that submit events: ${keys}.`,
      create: 'Create a key',
      link: 'Go to Keys',
    },
    event: {
      title: 'The first event',
      waiting: 'Waiting for your first event.',
      advice: 'Send one with the lines above. This page sees it by itself.',
      needsKey: 'Create a key first.',
      arrived: (office: string, time: string, zone: string) =>
        `Your first event has arrived: somebody was at ${office} at ${time}, ${zone}.`,
      arrivedVisitor: (office: string) => `Your first event has arrived: a visitor came to ${office}.`,
      arrivedFrom: (source: string) => `Your first event has arrived, from the source ${source}.`,
      refused: 'The server refused an event:',
      refusedAdvice: 'Change what it names, and send the event again.',
      today: 'Go to Today',
    },
  },
};
