import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { formatWhole, formatZonedInstant } from '../../frame/format.ts';
import { useOrganisation } from '../../frame/session.ts';
import { texts } from '../../texts.ts';
import { readFloor } from '../answers.ts';
import type { Plan } from '../plan.ts';
import { changesOf } from './changes.ts';
import type { VersionedDraft } from './draft.ts';
import type { DraftSession } from './draft-session.ts';

const { conflict: words } = texts.floor.editor;

interface ConflictNoticeProps {
  levelId: string;
  session: DraftSession;
  /** Null if the draft is there no more. */
  theirs: VersionedDraft | null;
  mine: Plan;
  /** The draft of the other person was published or discarded, and this one is given up. */
  onLeave: () => void;
}

/** Somebody else changed the draft meanwhile. Nothing is stored or lost before one has chosen. */
export default function ConflictNotice({ levelId, session, theirs, mine, onLeave }: ConflictNoticeProps) {
  const { organisation, timeZone } = useOrganisation();
  const changes = theirs && changesOf(mine, theirs.row);
  const take = () => {
    if (theirs) {
      session.takeTheirs();
      // Theirs may have nodes that came to the level meanwhile. The page asks again when it is looked at, if this fails.
      void readFloor(organisation, levelId).catch(() => undefined);
    } else {
      session.end();
      onLeave();
    }
  };
  return (
    <Alert role="alert" color="red" variant="outline" title={words.title}>
      <Stack gap="xs">
        <Text size="sm">
          {theirs
            ? words.who(
                theirs.row.changedBy ?? words.somebody,
                formatZonedInstant(theirs.row.changedAt, timeZone),
              )
            : words.gone}
        </Text>
        {changes && (
          <Text size="sm">
            {words.differences(
              formatWhole(changes.placed),
              formatWhole(changes.moved),
              formatWhole(changes.removed),
            )}{' '}
            {changes.hasOtherImage && words.otherImage}
          </Text>
        )}
        <Group>
          <Button size="xs" variant="default" onClick={() => void session.keepMine()}>
            {words.keepMine}
          </Button>
          <Button size="xs" variant="default" onClick={take}>
            {theirs ? words.takeTheirs : words.takeGone}
          </Button>
        </Group>
        {theirs && (
          <Text size="xs" c="dimmed">
            {words.undoable}
          </Text>
        )}
      </Stack>
    </Alert>
  );
}
