/** The texts of the page Integrations. */
export const integrations = {
  title: 'Integrations',
  tabs: { label: 'Parts of this page', keys: 'Keys', scim: 'SCIM' },
  keys: {
    command: {
      title: 'Keys of programs',
      advice: 'The command “rollcall keys” creates, lists, rotates and revokes keys.',
    },
  },
  scim: {
    command: {
      title: 'Tokens of identity providers',
      advice: 'The command “rollcall scim-tokens” creates, lists and revokes tokens.',
    },
  },
};
