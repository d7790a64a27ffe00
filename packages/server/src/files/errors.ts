/** The file as a whole cannot be read. `message` is one or two plain sentences, with the line where there is one. */
export class FileError extends Error {}
