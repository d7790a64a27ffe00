import { parseGuid } from '../store/values/guid.ts';

/** The GUIDs of a comma list. Any other text is an unknown id, which selects nothing. */
export function idList(list: string | undefined): string[] | undefined {
  return list?.split(',').flatMap((id) => parseGuid(id.trim()) ?? []);
}
