import { dayText, instantText } from './days.ts';
import { loginOf, PASSWORD, type World } from './world.ts';

/*
 * A reference is a place in a text for something that only the running server knows: `⟦desk.2⟧` is the third desk of the
 * organisation, `⟦day.-3⟧` the day three days ago.
 */

const REFERENCE = /⟦([^⟧]*?)(?:\.(-?\d+))?⟧/g;

/** The reference to a thing of a kind, or to a day or instant. */
export function refer(kind: string, index?: number): string {
  return index === undefined ? `⟦${kind}⟧` : `⟦${kind}.${index}⟧`;
}

/** What the references of one request stand for. */
export interface Referred {
  world: World;
  /** Another organisation, whose things the request may name in vain. */
  neighbour: World;
  /** What only one request can use: a link, the id of another session, the version of a thing. */
  once: Record<string, string>;
}

/** Replaces the references of a text. */
export function resolve(text: string, referred: Referred): string {
  return text.replaceAll(REFERENCE, (_, kind: string, index = '0') =>
    referredValue(kind, Number(index), referred),
  );
}

/** The kinds of references in a text. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map(([, kind = '']) => kind);
}

function referredValue(kind: string, index: number, { world, neighbour, once }: Referred): string {
  if (kind === 'day') return dayText(index);
  if (kind === 'compactDay') return dayText(index).replaceAll('-', '');
  if (kind === 'instant') return instantText(index);
  if (kind === 'password') return PASSWORD;
  if (kind === 'timestamp') return String(loginOf(world.keys.hmac, Date.now()).timestamp);
  if (kind === 'hash') return loginOf(world.keys.hmac, Date.now()).hash;
  if (kind in once) return once[kind] ?? '';
  const [owner, name] = kind.startsWith('foreign ')
    ? [neighbour, kind.slice('foreign '.length)]
    : [world, kind];
  const values = owner.known[name] ?? [];
  return values[index % values.length] ?? 'none';
}
