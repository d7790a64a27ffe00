/** Something the user can act on: `message` is one plain sentence, shown without a stack. */
export class CliError extends Error {}
