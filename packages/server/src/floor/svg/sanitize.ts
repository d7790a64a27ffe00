import { setImmediate as nextTurn } from 'node:timers/promises';
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { ELEMENTS, TEXT_ELEMENTS } from './allowed.ts';
import { cleanAttributes, SVG } from './attributes.ts';
import { cleanSheet, shown } from './css.ts';
import { countEntityCharacters, readEntities } from './entities.ts';
import { Expansion } from './expansion.ts';
import { Removals } from './removals.ts';
import { type SvgSize, sizeOf } from './size.ts';
import { XmlWriter } from './writer.ts';

/** The file is no SVG that can be made safe. The message says why, as a sentence. */
export class SvgError extends Error {}

/** A drawing that a browser can show without running or loading anything. */
export interface SafeSvg {
  text: string;
  width: number;
  height: number;
  /** What was taken out, in words. */
  removed: string[];
}

const MOST_ELEMENTS = 100_000;
const MOST_DEPTH = 100;
const MOST_ATTRIBUTES = 200;
const MOST_SHEET_CHARACTERS = 256 * 1024;
/** The most characters of a text. The parser hands over the whole text at once. */
const MOST_TEXT_CHARACTERS = 64 * 1024;
/** The most characters that the entities of the document type may come to. */
const MOST_ENTITY_CHARACTERS = 1024 * 1024;
/** The thread parses this much, then does other work. It takes a few milliseconds. */
const PARSED_CHARACTERS = 16 * 1024;

/** An element that is open. */
interface Open {
  /** The name in the new document; undefined if the element is taken out. */
  written: string | undefined;
  /** Its number among the elements that are drawn. */
  element: number;
}

/**
 * Writes a new SVG of the parts of `text` that are known to be harmless. The thread does other work after each piece.
 * Throws `SvgError`.
 */
export async function sanitizeSvg(text: string): Promise<SafeSvg> {
  const drawing = new Drawing(text);
  for (let at = 0; at < text.length; at += PARSED_CHARACTERS) {
    drawing.read(text.slice(at, at + PARSED_CHARACTERS));
    await nextTurn();
  }
  return drawing.end();
}

class Drawing {
  readonly #file: string;
  readonly #parser = new SaxesParser({ xmlns: true, position: true });
  readonly #writer = new XmlWriter();
  readonly #removals = new Removals();
  readonly #expansion = new Expansion();
  readonly #open: Open[] = [];
  #size: SvgSize | undefined;
  #elements = 0;
  #attributes = 0;
  /** How many open elements are taken out. */
  #skipped = 0;
  #sheet = '';
  #sheetCharacters = 0;

  constructor(file: string) {
    this.#file = file;
    const parser = this.#parser;
    parser.on('error', (error) => {
      throw new SvgError(`The SVG is no well-formed XML (line:column and fault: ${shown(error.message)}).`);
    });
    parser.on('doctype', (doctype) => this.#onDoctype(doctype));
    parser.on('processinginstruction', ({ target }) =>
      this.#removals.note(`the processing instruction ${shown(target)}`),
    );
    parser.on('attribute', () => {
      this.#attributes++;
      if (this.#attributes > MOST_ATTRIBUTES)
        throw new SvgError(`An element of the SVG has more than ${MOST_ATTRIBUTES} attributes.`);
    });
    parser.on('opentag', (tag) => this.#onOpen(tag));
    parser.on('closetag', () => this.#onClose());
    parser.on('text', (text) => this.#onText(text));
    parser.on('cdata', (text) => this.#onText(text));
  }

  read(piece: string): void {
    this.#parser.write(piece);
    if (this.#writer.isTooLong) throw new SvgError('The SVG is too large once it is made safe.');
  }

  async end(): Promise<SafeSvg> {
    this.#parser.close();
    if (!this.#size) throw new SvgError('The file has no svg element.');
    const fault = await this.#expansion.fault();
    if (fault !== undefined) throw new SvgError(fault);
    const { width, height } = this.#size;
    return { text: this.#writer.toString(), width, height, removed: this.#removals.list() };
  }

  #onDoctype(doctype: string): void {
    const entities = readEntities(doctype);
    if (!entities)
      throw new SvgError(
        'The document type of the SVG declares more than short texts. Save the drawing as plain SVG, without a document type.',
      );
    // Each use of an entity makes a text of its value, which is many times longer.
    if (countEntityCharacters(this.#file, entities) > MOST_ENTITY_CHARACTERS)
      throw new SvgError(
        'The entities of the document type make the SVG too large. Save the drawing as plain SVG, without a document type.',
      );
    this.#removals.note('the document type');
    for (const [name, value] of entities) this.#parser.ENTITIES[name] = value;
  }

  #onOpen({ uri, local, name, attributes }: SaxesTagNS): void {
    this.#attributes = 0;
    if (++this.#elements > MOST_ELEMENTS)
      throw new SvgError(`The SVG has more than ${MOST_ELEMENTS.toLocaleString('en')} elements.`);
    if (this.#open.length >= MOST_DEPTH)
      throw new SvgError(`The elements of the SVG are nested more than ${MOST_DEPTH} deep.`);
    const above = this.#open.at(-1);
    if (!above && (uri !== SVG || local !== 'svg'))
      throw new SvgError(`The root of the file is no svg element of the namespace ${SVG}.`);
    const isLink = uri === SVG && local === 'a';
    // A link draws what is in it, as a part of a text where it stands in one.
    const linkName = TEXT_ELEMENTS.has(above?.written ?? '') ? 'tspan' : 'g';
    const written = isLink ? linkName : local;
    const isKept = uri === SVG && this.#skipped === 0 && ELEMENTS.has(written);
    if (!isKept) {
      if (this.#skipped === 0 || local === 'script') this.#removals.note(`the element ${shown(name)}`);
      this.#skipped++;
      this.#open.push({ written: undefined, element: -1 });
      return;
    }
    if (isLink) this.#removals.note('a link around a part of the drawing');
    const given = Object.values(attributes) as SaxesAttributeNS[];
    const clean = cleanAttributes(
      written,
      isLink
        ? given.filter((attribute) => attribute.local !== 'href' && attribute.local !== 'target')
        : given,
      this.#removals.note,
    );
    const id = clean.attributes.get('id');
    const element = this.#expansion.add(above?.element ?? -1, {
      name: written,
      id,
      className: clean.attributes.get('class'),
      references: clean.references,
      inherited: clean.inherited,
    });
    // Each of these is drawn once, whatever refers to it.
    if (id !== undefined && !/^(linearGradient|radialGradient|filter)$/.test(written))
      this.#expansion.name(element, id);
    this.#writer.open(written, above ? [...clean.attributes] : this.#rootAttributes(clean.attributes));
    this.#open.push({ written, element });
  }

  #rootAttributes(attributes: Map<string, string>): [string, string][] {
    this.#size = sizeOf(attributes);
    if (!this.#size)
      throw new SvgError(
        'The SVG has no size. The svg element needs a viewBox, or width and height in absolute units.',
      );
    const { width, height, viewBox } = this.#size;
    return [
      ...new Map([
        ['xmlns', SVG],
        ...attributes,
        ['width', String(width)],
        ['height', String(height)],
        ['viewBox', viewBox],
      ]),
    ];
  }

  #onClose(): void {
    const closed = this.#open.pop();
    if (closed?.written === undefined) {
      this.#skipped--;
      return;
    }
    if (closed.written === 'style') {
      this.#writer.text(
        cleanSheet(this.#sheet, this.#removals.note, (rule) => this.#expansion.addRule(rule)),
      );
      this.#sheet = '';
    }
    this.#writer.close(closed.written);
  }

  #onText(text: string): void {
    const name = this.#skipped === 0 ? this.#open.at(-1)?.written : undefined;
    if (name === undefined) return;
    if (name === 'style') {
      this.#sheetCharacters += text.length;
      if (this.#sheetCharacters > MOST_SHEET_CHARACTERS)
        throw new SvgError('The style sheets of the SVG are longer than 256 KiB.');
      this.#sheet += text;
    } else if (TEXT_ELEMENTS.has(name)) {
      if (text.length > MOST_TEXT_CHARACTERS) throw new SvgError('A text of the SVG is longer than 64 KiB.');
      this.#writer.text(text);
    }
  }
}
