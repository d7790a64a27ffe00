/** The demo cannot be created in this database. `message` is one sentence for the user. */
export class DemoError extends Error {}
