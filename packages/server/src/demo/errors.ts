/** The demo cannot be made here. `message` is one sentence for the user. */
export class DemoError extends Error {}
