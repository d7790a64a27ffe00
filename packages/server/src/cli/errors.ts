/** Something the user can act on: `message` is one plain sentence, shown without a stack. */
export class CliError extends Error {}

/** For `catch`: a file that cannot be read, as a sentence. */
export function unreadable(file: string): (error: NodeJS.ErrnoException) => never {
  return ({ code }) => {
    throw new CliError(`The file ${file} cannot be read (${code}).`);
  };
}
