import { clientOf } from '../frame/client.ts';
import { ConfirmDialog } from '../frame/confirm-dialog.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { forgetPlans } from './answers.ts';

const { remove } = texts.floor;

interface RemoveDialogProps {
  levelId: string;
  levelName: string;
  onClose: () => void;
}

/** Asks before a published plan is removed. */
export default function RemoveDialog({ levelId, levelName, onClose }: RemoveDialogProps) {
  const { organisation } = useOrganisation();
  const act = async () => {
    await clientOf(organisation).manage.floorPlans.remove(levelId);
    await forgetPlans(organisation);
  };
  return (
    <ConfirmDialog
      title={remove.title(levelName)}
      paragraphs={[remove.text]}
      submit={remove.submit}
      cancel={remove.cancel}
      act={act}
      onClose={onClose}
    />
  );
}
