import type { Rollcall } from '@rollcall/sdk';
import type { DraftCalls } from './draft.ts';

/** The calls for the draft of a level. */
export function draftCalls(
  { manage: { floorPlans } }: Rollcall,
  levelId: string,
  ofPage: Pick<DraftCalls, 'nodeIds' | 'signIn'>,
): DraftCalls {
  return {
    store: (plan, version, basedOn, hidden) =>
      floorPlans.saveDraft(
        levelId,
        { ...plan, placements: [...plan.placements], basedOn, ...(hidden !== undefined && { hidden }) },
        version === null ? { ifNew: true } : { ifVersion: version },
      ),
    read: () => floorPlans.readDraft(levelId),
    discard: (version) => floorPlans.discardDraft(levelId, { ifVersion: version }),
    publish: async (version) => {
      await floorPlans.publish(levelId, { ifVersion: version });
    },
    ...ofPage,
  };
}
