import { Type } from 'typebox';
import { Maybe } from '../http/schema.ts';
import { quote, textFault } from '../http/text.ts';
import { parseGuid } from '../store/values/guid.ts';
import { type DayRequest, notAcceptable, type RequestRefusal } from './day-requests.ts';
import type { Plan } from './model.ts';

/** What belongs to a plan besides its letter. */
export const RequestedDayMembers = {
  locationId: Maybe(Type.String({ description: 'the office of an office plan, which must have one' })),
  booking: Maybe(
    Type.Object(
      { nodeId: Type.String({ description: 'a desk, a zone, or the office itself' }) },
      {
        description:
          'of an office plan. Left out, a booking there is kept; else it is a desk assigned to the person ' +
          'there that is free, else the office',
      },
    ),
  ),
  reason: Maybe(Type.String({ description: 'why; goes into the action log' })),
};

export interface RequestedDay {
  /** null: what leave and the week plan make of the day. */
  plan: string | null;
  locationId?: string | null;
  booking?: { nodeId: string } | null;
  reason?: string | null;
}

/** What is asked of a day, in the terms of the model. */
export function readRequestedDay(
  requested: RequestedDay,
): Pick<DayRequest, 'plan' | 'reason'> | RequestRefusal {
  const reason = requested.reason ?? null;
  const fault = textFault(reason ?? '');
  if (fault) return notAcceptable('/reason', fault);
  const plan = requested.plan === null ? 'default' : readPlan(requested.plan, requested);
  if (plan !== 'default' && 'refused' in plan) return plan;
  if (plan === 'default' || plan.kind !== 'o') {
    const alien = (['locationId', 'booking'] as const).find((member) => requested[member] != null);
    if (alien) return notAcceptable(`/${alien}`, 'goes with the plan o only');
  }
  return { plan, reason };
}

function readPlan(letter: string, { locationId, booking }: RequestedDay): Plan | RequestRefusal {
  if (letter === 'r' || letter === 'a') return { kind: letter };
  if (letter !== 'o') return notAcceptable('/plan', `${quote(letter)} is none of o, r and a`);
  if (locationId == null) return notAcceptable('/locationId', 'is missing, which the plan o must have');
  const office = parseGuid(locationId);
  if (office === undefined) return notAcceptable('/locationId', `${quote(locationId)} is not a GUID`);
  if (booking == null) return { kind: 'o', locationId: office };
  const nodeId = parseGuid(booking.nodeId);
  if (nodeId === undefined) {
    return notAcceptable('/booking/nodeId', `${quote(booking.nodeId)} is not a GUID`);
  }
  return { kind: 'o', locationId: office, booking: { nodeId } };
}
