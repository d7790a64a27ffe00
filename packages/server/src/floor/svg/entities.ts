const MOST_ENTITIES = 50;
/** The most characters of a document type. Those of drawing programs have some hundred. */
const MOST_CHARACTERS = 64 * 1024;
const ENTITY = /<!ENTITY\s+([\w.-]+)\s+(?:"([^"<>&%]{0,200})"|'([^'<>&%]{0,200})')\s*>/g;

/**
 * The entities that a document type declares, by name; some drawing programs abbreviate the names of namespaces by them.
 * Undefined if it declares anything else than short texts: an entity that names entities, or something outside of the file.
 */
export function readEntities(doctype: string): Map<string, string> | undefined {
  if (doctype.length > MOST_CHARACTERS) return undefined;
  const from = doctype.indexOf('[');
  if (from === -1) return new Map();
  const entities = new Map<string, string>();
  const rest = doctype
    .slice(from + 1, doctype.lastIndexOf(']'))
    .replace(ENTITY, (_, name: string, double?: string, single?: string) => {
      entities.set(name, double ?? single ?? '');
      return '';
    });
  return rest.trim() === '' && entities.size <= MOST_ENTITIES ? entities : undefined;
}

/** How many characters the uses of the entities in a file come to. */
export function countEntityCharacters(file: string, entities: ReadonlyMap<string, string>): number {
  if (entities.size === 0) return 0;
  let characters = 0;
  for (const [, name = ''] of file.matchAll(/&([\w.-]+);/g)) characters += entities.get(name)?.length ?? 0;
  return characters;
}
