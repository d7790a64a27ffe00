import { Text } from '@mantine/core';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { ConfirmDialog } from '../frame/confirm-dialog.tsx';
import { Failure } from '../frame/failure.tsx';
import { useOrganisation } from '../frame/session.ts';
import { isOutdated } from '../frame/versions.ts';
import { texts } from '../texts.ts';
import { forgetPlans } from './answers.ts';

const { remove } = texts.floor;

interface RemoveDialogProps {
  levelId: string;
  levelName: string;
  /** The version of the plan that the page shows. */
  version: string;
  onClose: () => void;
}

/** Asks before a published plan is removed. */
export default function RemoveDialog({ levelId, levelName, version, onClose }: RemoveDialogProps) {
  const { organisation } = useOrganisation();
  // The page behind the dialog may get another plan meanwhile.
  const [seen] = useState(version);
  const act = async () => {
    try {
      await clientOf(organisation).manage.floorPlans.remove(levelId, { ifVersion: seen });
    } finally {
      await forgetPlans(organisation);
    }
  };
  return (
    <ConfirmDialog
      title={remove.title(levelName)}
      paragraphs={[remove.text]}
      submit={remove.submit}
      cancel={remove.cancel}
      act={act}
      onClose={onClose}
      failure={RemoveFailure}
    />
  );
}

function RemoveFailure({ error }: { error: Error }) {
  if (!isOutdated(error)) return <Failure error={error} />;
  return (
    <Text size="sm" role="alert">
      {remove.outdated}
    </Text>
  );
}
