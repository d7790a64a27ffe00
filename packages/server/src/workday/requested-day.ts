import { Type } from 'typebox';
import { Maybe } from '../http/schema.ts';
import { quote, textFault } from '../http/text.ts';
import { parseGuid } from '../store/values/guid.ts';
import { type DayRequest, notAcceptable, type RequestRefusal } from './day-requests.ts';
import type { Plan } from './model.ts';

/** The members of a requested day besides the letter of its plan. */
export const RequestedDayMembers = {
  locationId: Maybe(Type.String({ description: 'the office; an office plan requires it' })),
  booking: Maybe(
    Type.Object(
      { nodeId: Type.String({ description: 'a desk, a zone, or the office itself' }) },
      {
        description:
          'the booking of an office plan. Left out: the present booking there stays; else the server books a free ' +
          'desk there that is assigned to the user, else the office',
      },
    ),
  ),
  reason: Maybe(Type.String({ description: 'the reason, which the action log records' })),
  version: Maybe(
    Type.String({
      description: 'the `version` of the day as it was read; the server refuses if it is another',
    }),
  ),
};

export interface RequestedDay {
  /** Null: the default of the day. */
  plan: string | null;
  locationId?: string | null;
  booking?: { nodeId: string } | null;
  reason?: string | null;
  version?: string | null;
}

/** A requested day in the terms of the model. */
export function readRequestedDay(
  requested: RequestedDay,
): Pick<DayRequest, 'plan' | 'reason' | 'version'> | RequestRefusal {
  const reason = requested.reason ?? null;
  const fault = textFault(reason ?? '');
  if (fault) return notAcceptable('/reason', fault);
  const plan = requested.plan === null ? 'default' : readPlan(requested.plan, requested);
  if (plan !== 'default' && 'refused' in plan) return plan;
  if (plan === 'default' || plan.kind !== 'o') {
    const alien = (['locationId', 'booking'] as const).find((member) => requested[member] != null);
    if (alien) return notAcceptable(`/${alien}`, 'goes with the plan o only');
  }
  return { plan, reason, version: requested.version ?? undefined };
}

function readPlan(letter: string, { locationId, booking }: RequestedDay): Plan | RequestRefusal {
  if (letter === 'r' || letter === 'a') return { kind: letter };
  if (letter !== 'o') return notAcceptable('/plan', `${quote(letter)} is none of o, r and a`);
  if (locationId == null) return notAcceptable('/locationId', 'is missing; the plan o requires it');
  const office = parseGuid(locationId);
  if (office === undefined) return notAcceptable('/locationId', `${quote(locationId)} is not a GUID`);
  if (booking == null) return { kind: 'o', locationId: office };
  const nodeId = parseGuid(booking.nodeId);
  if (nodeId === undefined) {
    return notAcceptable('/booking/nodeId', `${quote(booking.nodeId)} is not a GUID`);
  }
  return { kind: 'o', locationId: office, booking: { nodeId } };
}
