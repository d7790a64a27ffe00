/** Every text of the console, in English. Another language is another file of this shape. */
export const texts = {
  product: 'Rollcall',
  colourScheme: {
    title: 'Colours',
    light: 'Light',
    dark: 'Dark',
    auto: 'As on this device',
  },
  signIn: {
    title: 'Sign in',
    help: 'I cannot sign in',
    helpTitle: 'If you cannot sign in',
    helpParagraphs: [
      'An administrator of your organisation can invite you, or send you a link to choose a new password.',
      'The operator of this server can make a link with the command “rollcall admins reset” and your e-mail address.',
      'A link works once. An invitation is valid for 7 days, every other link for 15 minutes.',
    ],
    close: 'Close',
  },
};
