import type { Resolved } from '../store/directory/directory-look-up.ts';
import { NODE_KINDS, type NodeInOffice, type NodeKind } from '../store/directory/nodes.ts';
import { type Fault, type Refusal, refuse } from './refusal-causes.ts';

/** Returns the fault of a `locationType`, or undefined when it is valid. */
export function locationTypeFault(locationType: string): Fault | undefined {
  if (isNodeKind(locationType)) return undefined;
  return { cause: 'invalidPlaceKind', message: `locationType must be one of ${NODE_KINDS.join(', ')}` };
}

function isNodeKind(text: string): text is NodeKind {
  return (NODE_KINDS as readonly string[]).includes(text);
}

/** Returns the active node that an event names. If the event states a kind, the node must be of that kind. */
export function classifyNode(
  { locationId, locationType }: { locationId: string; locationType?: string },
  resolved: Resolved,
): NodeInOffice | Refusal {
  const node = resolved.node(locationId);
  if (!node) return refuse('unknownPlace', 'locationId: no active location has this id');
  if (node.unknownTimeZone !== null) {
    return refuse(
      'unknownTimeZone',
      `locationId is in an office with the time zone ${node.unknownTimeZone}, which the database does not know`,
    );
  }
  if (locationType !== undefined && node.kind !== locationType) {
    return refuse('otherPlaceKind', `locationId is a ${node.kind}, not a ${locationType}`);
  }
  return node;
}
