import { NotFoundError } from '@rollcall/sdk';
import { clientOf } from '../../frame/client.ts';
import { ConfirmDialog } from '../../frame/confirm-dialog.tsx';
import { useOrganisation } from '../../frame/session.ts';
import { texts } from '../../texts.ts';
import { forgetPlans } from '../answers.ts';
import type { DraftSession } from './draft-session.ts';

const { discarding: words } = texts.floor.editor;

interface DiscardDialogProps {
  levelId: string;
  session: DraftSession;
  onClose: () => void;
  onDiscarded: () => void;
}

/** Asks before the draft is discarded. */
export default function DiscardDialog({ levelId, session, onClose, onDiscarded }: DiscardDialogProps) {
  const { organisation } = useOrganisation();
  const { manage } = clientOf(organisation);
  const discard = async () => {
    // A change that waits to be stored would make a draft again.
    session.end();
    await manage.floorPlans.discardDraft(levelId).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
    });
    await forgetPlans(organisation);
  };
  return (
    <ConfirmDialog
      title={words.title}
      paragraphs={[words.text]}
      submit={words.submit}
      cancel={words.cancel}
      act={discard}
      onClose={onClose}
      onDone={onDiscarded}
    />
  );
}
