const MOST_ENTITIES = 50;
const ENTITY = /<!ENTITY\s+([\w.-]+)\s+(?:"([^"<>&%]{0,200})"|'([^'<>&%]{0,200})')\s*>/g;

/**
 * The entities that a document type declares, by name; some drawing programs abbreviate the names of namespaces by them.
 * Undefined if it declares anything else than short texts: an entity that names entities, or something outside of the file.
 */
export function readEntities(doctype: string): Map<string, string> | undefined {
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
