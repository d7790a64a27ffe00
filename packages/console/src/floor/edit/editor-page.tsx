import { Button } from '@mantine/core';
import { lazy, Suspense, useEffect } from 'react';
import { Failure } from '../../frame/failure.tsx';
import { Page } from '../../frame/page.tsx';
import { useOrganisation } from '../../frame/session.ts';
import { Waiting } from '../../frame/shell.tsx';
import { texts } from '../../texts.ts';
import { useFloor } from '../answers.ts';
import type { DraftSession } from './draft-session.ts';
import { EditorView } from './editor-view.tsx';
import { forgetDraft, useDraft } from './use-draft.ts';

const Start = lazy(() => import('./start.tsx'));

const { floor } = texts;

interface EditorPageProps {
  levelId: string;
  /** Leads back to the published plan. */
  onDone: () => void;
}

/** The draft of a level's plan, to edit and to publish. */
export default function EditorPage({ levelId, onDone }: EditorPageProps) {
  const draft = useDraft(levelId);
  const level = useFloor(levelId, undefined, { isLive: false });
  useForgetting(levelId, draft.data);
  const failed = [draft, level].find(({ error, data }) => error && data === undefined);
  const isLoaded = draft.data !== undefined && level.data;
  if (isLoaded && draft.data) {
    return <EditorView session={draft.data} level={level.data} onDone={onDone} />;
  }
  return (
    <Page
      title={level.data ? floor.editor.title(level.data.levelName) : floor.edit}
      actions={
        <Button size="xs" variant="default" onClick={onDone}>
          {floor.editor.back}
        </Button>
      }
    >
      {failed ? (
        <Failure error={failed.error} retry={() => void failed.refetch()} />
      ) : isLoaded ? (
        <Suspense fallback={<Waiting />}>
          <Start levelId={levelId} />
        </Suspense>
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

/** A person who leaves has the rest stored. What cannot be stored stays in memory until that person comes back. */
function useForgetting(levelId: string, session: DraftSession | null | undefined): void {
  const { organisation } = useOrganisation();
  useEffect(
    () => () => {
      if (session === null) forgetDraft(organisation, levelId);
      void session?.flush().then((isStored) => {
        if (isStored) forgetDraft(organisation, levelId);
      });
    },
    [organisation, levelId, session],
  );
}
