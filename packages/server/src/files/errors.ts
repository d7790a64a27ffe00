/** The file as a whole cannot be read. `message` is one or two plain sentences, with the line if it is known. */
export class FileError extends Error {}
