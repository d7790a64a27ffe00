/** The most characters of the SVG that the server writes. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/** Writes XML. Texts and values are escaped, whatever they hold. */
export class XmlWriter {
  readonly #parts: string[] = [];
  #length = 0;

  /** Whether the document is longer than the server keeps. */
  get isTooLong(): boolean {
    return this.#length > MOST_CHARACTERS;
  }

  open(name: string, attributes: readonly (readonly [string, string])[]): void {
    this.#add(`<${name}${attributes.map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join('')}>`);
  }

  close(name: string): void {
    this.#add(`</${name}>`);
  }

  text(text: string): void {
    this.#add(escapeXml(text));
  }

  toString(): string {
    return this.#parts.join('');
  }

  #add(part: string): void {
    this.#length += part.length;
    this.#parts.push(part);
  }
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // As they are, a reader would make blanks of them.
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

function escapeXml(text: string): string {
  return /[&<>"\n\r\t]/.test(text) ? text.replace(/[&<>"\n\r\t]/g, (each) => ESCAPES[each] ?? '') : text;
}
