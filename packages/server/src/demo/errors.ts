/** The demo cannot be created here. `message` is one sentence for the user. */
export class DemoError extends Error {}
