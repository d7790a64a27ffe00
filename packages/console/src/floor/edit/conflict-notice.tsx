import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { formatInstant, formatWhole } from '../../frame/format.ts';
import { useOrganisation } from '../../frame/session.ts';
import { texts } from '../../texts.ts';
import type { Plan } from '../plan.ts';
import type { DraftSession, VersionedDraft } from './draft-session.ts';
import { changesOf } from './editor.ts';

const { conflict: words } = texts.floor.editor;

interface ConflictNoticeProps {
  session: DraftSession;
  /** Null if the draft is there no more. */
  theirs: VersionedDraft | null;
  mine: Plan;
  /** The draft of the other person was published or discarded, and this one is given up. */
  onLeave: () => void;
}

/** Somebody else changed the draft meanwhile. Nothing is stored or lost before one has chosen. */
export function ConflictNotice({ session, theirs, mine, onLeave }: ConflictNoticeProps) {
  const { timeZone } = useOrganisation();
  const take = () => {
    if (theirs) {
      session.takeTheirs();
    } else {
      session.end();
      onLeave();
    }
  };
  const changes = theirs && changesOf(mine, theirs.row);
  return (
    <Alert role="alert" color="red" variant="outline" title={words.title}>
      <Stack gap="xs">
        <Text size="sm">
          {theirs
            ? words.who(theirs.row.changedBy ?? words.somebody, formatInstant(theirs.row.changedAt, timeZone))
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
