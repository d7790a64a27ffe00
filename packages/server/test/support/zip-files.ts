import { strFromU8, unzipSync } from 'fflate';

export type Files = Record<string, string>;

/** The files of a ZIP file, as text. */
export function filesOf(zip: Uint8Array): Files {
  return Object.fromEntries(Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, strFromU8(bytes)]));
}
