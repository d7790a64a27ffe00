import type { Resolved } from '../store/directory/directory-look-up.ts';
import { NODE_KINDS, type NodeInOffice, type NodeKind } from '../store/directory/nodes.ts';
import { RESULT, type Refusal, refuse } from './results.ts';

/** Returns the fault of a `locationType`, or undefined when it is valid. */
export function locationTypeFault(locationType: string): string | undefined {
  return isNodeKind(locationType) ? undefined : `locationType must be one of ${NODE_KINDS.join(', ')}`;
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
  if (!node) return refuse(RESULT.locationNotFound, 'locationId: no active location has this id');
  if (node.unknownTimeZone !== null) {
    return refuse(
      RESULT.locationNotFound,
      `locationId is in an office with the time zone ${node.unknownTimeZone}, which the database does not know`,
    );
  }
  if (locationType !== undefined && node.kind !== locationType) {
    return refuse(RESULT.locationNotFound, `locationId is a ${node.kind}, not a ${locationType}`);
  }
  return node;
}
