import type { Rollcall } from '@rollcall/sdk';
import type { DraftCalls } from './draft-session.ts';

/** The calls for the draft of a level. */
export function draftCalls({ manage: { floorPlans } }: Rollcall, levelId: string): DraftCalls {
  return {
    store: (plan, version, basedOn) => {
      const body = { ...plan, placements: [...plan.placements] };
      return version === null
        ? floorPlans.saveDraft(levelId, { ...body, basedOn }, { ifNew: true })
        : floorPlans.saveDraft(levelId, body, { ifVersion: version });
    },
    read: () => floorPlans.readDraft(levelId),
  };
}
