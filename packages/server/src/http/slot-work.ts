import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { whenOver } from './answer-over.ts';
import { HttpProblem } from './errors.ts';
import { Slots, type SlotsOptions } from './slots.ts';

const SWEEP_MS = 250;

/** Slots for routes of `app`. Until `app` closes, requests that wait for too long are refused. */
export function slotsFor(app: FastifyInstance, options: SlotsOptions): Slots {
  const slots = new Slots(options);
  const sweep = setInterval(() => slots.refuseOld(), SWEEP_MS).unref();
  app.addHook('onClose', async () => clearInterval(sweep));
  return slots;
}

/**
 * Does the work of a request in a slot of its organisation. The slot is held until the work has ended, also if the client has
 * gone: otherwise a client that sends and hangs up, again and again, would have all of the thread. `gone` is aborted with a
 * problem when the client goes. Throws a 503 if no slot is free for too long.
 */
export async function inSlot<T>(
  slots: Slots,
  { tenantId, request, reply }: { tenantId: string; request: FastifyRequest; reply: FastifyReply },
  work: (gone: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const slot = slots.take(tenantId);
  let isWorking = false;
  whenOver(request.raw, reply.raw, () => {
    gone.abort(new HttpProblem(400, 'The client has gone.'));
    if (!isWorking) slot.end();
  });
  await slot.held;
  gone.signal.throwIfAborted();
  isWorking = true;
  try {
    return await work(gone.signal);
  } finally {
    slot.end();
  }
}
