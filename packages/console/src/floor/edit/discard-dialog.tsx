import { ConfirmDialog } from '../../frame/confirm-dialog.tsx';
import { useOrganisation } from '../../frame/session.ts';
import { texts } from '../../texts.ts';
import { forgetPlans } from '../answers.ts';
import type { DraftSession } from './draft-session.ts';

const { discarding: words } = texts.floor.editor;

interface DiscardDialogProps {
  session: DraftSession;
  onClose: () => void;
  onDiscarded: () => void;
}

/** Asks before the draft is discarded. */
export default function DiscardDialog({ session, onClose, onDiscarded }: DiscardDialogProps) {
  const { organisation } = useOrganisation();
  const discard = async () => {
    await session.discard();
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
      onDone={() => (session.isOver ? onDiscarded() : onClose())}
    />
  );
}
