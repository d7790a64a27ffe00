import { NODE_KINDS, type NodeInOffice, type NodeKind } from '../store/directory/nodes.ts';
import type { EventContext } from './batch.ts';
import { type Fault, type Refusal, refuse } from './refusal-causes.ts';

/** Returns the fault of a `locationType`, or undefined when it is valid. */
export function locationTypeFault(locationType: string): Fault | undefined {
  if (isNodeKind(locationType)) return undefined;
  return { cause: 'invalidPlaceKind', message: `locationType must be one of ${NODE_KINDS.join(', ')}` };
}

function isNodeKind(text: string): text is NodeKind {
  return (NODE_KINDS as readonly string[]).includes(text);
}

/**
 * Returns the active node that an event names. If the event states a kind, the node must be of that kind. To a key that is
 * bound to offices, a node elsewhere does not differ from one that does not exist.
 */
export function classifyNode(
  { locationId, locationType }: { locationId: string; locationType?: string },
  { resolved, officeIds }: Pick<EventContext, 'resolved' | 'officeIds'>,
): NodeInOffice | Refusal {
  const node = resolved.node(locationId);
  const isOfOtherOffice = node !== undefined && officeIds !== undefined && !officeIds.has(node.locationId);
  if (!node || isOfOtherOffice) {
    return refuse(
      isOfOtherOffice ? 'otherOffice' : 'unknownPlace',
      officeIds
        ? 'locationId: no active location at the offices of the key has this id'
        : 'locationId: no active location has this id',
    );
  }
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
