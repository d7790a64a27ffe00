import type { SaxesAttributeNS } from 'saxes';
import { rasterOf } from '../raster.ts';
import { ATTRIBUTES, PROPERTIES } from './allowed.ts';
import { cleanDeclarations, MOST_STYLE_CHARACTERS, type Note, referencesOf, shown } from './css.ts';

export const SVG = 'http://www.w3.org/2000/svg';
const XLINK = 'http://www.w3.org/1999/xlink';
const XML = 'http://www.w3.org/XML/1998/namespace';
const XMLNS = 'http://www.w3.org/2000/xmlns/';

const ID = /^[^\s"'()<>\\]{1,500}$/;
const LOCAL = /^#([^\s"'()<>\\]{1,500})$/;
/** An image in a link, without white space. */
const EMBEDDED = /^data:image\/(?:png|jpe?g);base64,([A-Za-z0-9+/]+={0,2})$/;
/** Their values apply to the element as a whole. Elements inherit the values of all other properties. */
const NOT_INHERITED = new Set(['clip-path', 'filter', 'mask']);

/** What the attributes of an element come to. */
export interface CleanAttributes {
  attributes: Map<string, string>;
  /** The ids that the element refers to as a whole. */
  references: string[];
  /** The ids to which the element refers by properties, which the elements in it inherit. */
  inherited: string[];
}

/** The allowed attributes of an element of SVG. A reference leads to an element of the same file, or holds an image itself. */
export function cleanAttributes(
  element: string,
  given: readonly SaxesAttributeNS[],
  note: Note,
): CleanAttributes {
  const attributes = new Map<string, string>();
  const references: string[] = [];
  const inherited: string[] = [];
  const refer = (id: string, property: string) =>
    (NOT_INHERITED.has(property.toLowerCase()) ? references : inherited).push(id);
  for (const { uri, local, name, value } of given) {
    if (uri === XMLNS || name === 'xmlns') continue;
    if (uri === XML) {
      if (local === 'space') attributes.set('xml:space', value);
      else note(`the attribute ${shown(name)}`);
      continue;
    }
    if (local === 'href' && (uri === '' || uri === XLINK)) {
      // If an element has both, the one without a namespace counts.
      if (uri === XLINK && given.some((other) => other.name === 'href')) continue;
      const [, id] = LOCAL.exec(value.trim()) ?? [];
      const image = element === 'image' ? imageOf(value) : undefined;
      if (id !== undefined && element !== 'image') {
        references.push(id);
        attributes.set('href', `#${id}`);
      } else if (image !== undefined) attributes.set('href', image);
      else note(`a link of the element ${element} to something else than a part of the drawing`);
      continue;
    }
    if (uri !== '') note(`the attribute ${shown(name)}`);
    else if (local === 'id') {
      if (ID.test(value)) attributes.set('id', value);
      else note('an id with characters that are not allowed');
    } else if (value.length > MOST_STYLE_CHARACTERS && (local === 'style' || PROPERTIES.has(local))) {
      note(`a value of the attribute ${local}, which is too long`);
    } else if (local === 'style') {
      const style = cleanDeclarations(value, note, refer);
      if (style !== '') attributes.set('style', style);
    } else if (PROPERTIES.has(local)) {
      // Browsers read these values as styles.
      const ids = referencesOf(value);
      if (ids === undefined) note(`a value of the attribute ${local}, which is not allowed`);
      else {
        for (const id of ids) refer(id, local);
        attributes.set(local, value);
      }
    } else if (ATTRIBUTES.has(local)) attributes.set(local, value);
    else note(`the attribute ${shown(name)}`);
  }
  return { attributes, references, inherited };
}

/** The link, if it is a PNG or JPEG in itself, of a size that a browser can show. */
function imageOf(link: string): string | undefined {
  const text = link.replaceAll(/\s/g, '');
  const [, base64] = EMBEDDED.exec(text) ?? [];
  const isImage = base64 !== undefined && typeof rasterOf(Buffer.from(base64, 'base64')) === 'object';
  return isImage ? text : undefined;
}
