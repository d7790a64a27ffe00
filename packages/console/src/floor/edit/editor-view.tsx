import './style.css';
import { Button, Group, Stack, Text } from '@mantine/core';
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Page } from '../../frame/page.tsx';
import { texts } from '../../texts.ts';
import type { Floor } from '../answers.ts';
import { Hidden } from '../hidden.tsx';
import type { LevelNode, Point } from '../plan.ts';
import { focusPlace } from '../sheet.tsx';
import type { Viewport } from '../use-viewport.ts';
import { ConflictNotice, DiscardDialog, loadDialogs, PublishDialog } from './dialogs.ts';
import type { DraftSession } from './draft-session.ts';
import { EditDrawing } from './edit-drawing.tsx';
import { useImageUpload } from './image-upload.tsx';
import { SelectionFields } from './selection-fields.tsx';
import { StoreStateView } from './store-state.tsx';
import { Toolbar } from './toolbar.tsx';
import { Unplaced } from './unplaced.tsx';
import { useCommands } from './use-commands.ts';
import { useSessionState } from './use-draft.ts';

const { editor: words } = texts.floor;

interface EditorViewProps {
  session: DraftSession;
  level: Floor;
  onDone: () => void;
}

/** The draft of a plan: the sheet, what is selected, and what is not on it yet. */
export function EditorView({ session, level, onDone }: EditorViewProps) {
  const { levelId, levelName } = level;
  const { editor, store, hidden } = useSessionState(session);
  const places = useMemo(() => placesOf(level), [level]);
  const [commands, message] = useCommands(session, places);
  const [isSnapping, setIsSnapping] = useState(true);
  const [marked, setMarked] = useState<string>();
  const [dialog, setDialog] = useState<'publish' | 'discard'>();
  const viewport = useRef<Viewport>(undefined);
  const keepViewport = useCallback((next: Viewport) => {
    viewport.current = next;
  }, []);
  const upload = useImageUpload(levelId, commands, editor.plan.imageId === null);
  useHistoryKeys(commands);
  useEffect(loadDialogs, []);
  const isConflict = store.kind === 'conflict';
  useEffect(() => {
    // First comes the choice between both drafts.
    if (isConflict) setDialog(undefined);
  }, [isConflict]);
  const unplaced = useMemo(() => {
    const placed = new Set(editor.plan.placements.map(({ nodeId }) => nodeId));
    return [...places.values()].filter(({ nodeId }) => !placed.has(nodeId));
  }, [places, editor.plan.placements]);
  const close = () => setDialog(undefined);
  const centre = () => viewport.current?.centre() ?? { x: 0, y: 0 };
  return (
    <Page
      title={words.title(levelName)}
      actions={
        <Group gap="xs">
          <StoreStateView store={store} session={session} />
          <Button size="xs" variant="default" onClick={onDone}>
            {words.back}
          </Button>
          <Button size="xs" variant="default" disabled={isConflict} onClick={() => setDialog('discard')}>
            {words.discard}
          </Button>
          <Button size="xs" disabled={isConflict || upload.isSending} onClick={() => setDialog('publish')}>
            {words.publish}
          </Button>
        </Group>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {words.intro}
        </Text>
        <Hidden count={hidden} />
        {store.kind === 'conflict' && (
          <Suspense>
            <ConflictNotice
              levelId={levelId}
              session={session}
              theirs={store.theirs}
              mine={editor.plan}
              onLeave={onDone}
            />
          </Suspense>
        )}
        <div className="floor" data-with-plan>
          <Stack gap="xs" className="floor-main">
            <Toolbar
              editor={editor}
              commands={commands}
              isSnapping={isSnapping}
              onSnap={setIsSnapping}
              upload={upload}
            />
            {upload.notice}
            <div {...upload.dropTarget}>
              <EditDrawing
                levelName={levelName}
                editor={editor}
                places={places}
                commands={commands}
                isSnapping={isSnapping}
                marked={marked}
                onMark={setMarked}
                onViewport={keepViewport}
              />
            </div>
            <p className="floor-readout" role="status">
              {message}
            </p>
          </Stack>
          <Stack className="floor-side">
            <SelectionFields editor={editor} places={places} commands={commands} />
            <Unplaced
              places={unplaced}
              onPlace={(place, at) => {
                commands.place(place, at ?? centre());
                afterDrawing(() => viewport.current && focusPlace(viewport.current, place.nodeId));
              }}
              onRows={(chosen, grid, at) => commands.placeRows(chosen, grid, at ?? centre())}
              sheetPoint={(client) => pointOnSheet(viewport.current, client)}
            />
          </Stack>
        </div>
      </Stack>
      <Suspense>
        {dialog === 'publish' && (
          <PublishDialog
            levelId={levelId}
            levelName={levelName}
            session={session}
            onClose={close}
            onPublished={onDone}
          />
        )}
        {dialog === 'discard' && <DiscardDialog session={session} onClose={close} onDiscarded={onDone} />}
      </Suspense>
    </Page>
  );
}

function placesOf({ items }: Floor): ReadonlyMap<string, LevelNode> {
  return new Map(items.map(({ nodeId, kind, name, zoneId }) => [nodeId, { nodeId, kind, name, zoneId }]));
}

/** A point of the sheet, if it is in the window at this point of the screen. */
function pointOnSheet(viewport: Viewport | undefined, { x, y }: Point): Point | undefined {
  const box = viewport?.box.current?.getBoundingClientRect();
  if (!viewport || !box || x < box.left || x > box.right || y < box.top || y > box.bottom) return undefined;
  return viewport.toSheet({ x, y });
}

/** A place that was put on the plan is drawn a moment later. */
function afterDrawing(run: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(run));
}

/** Ctrl-Z and Ctrl-Shift-Z, wherever the focus is, but in a dialog or in a field that undoes its own text. */
function useHistoryKeys({ undo, redo }: { undo: () => void; redo: () => void }): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const key = event.key.toLowerCase();
      const isText = (event.target as Element).matches('input:not([type=checkbox]), textarea');
      if (!(event.ctrlKey || event.metaKey) || event.altKey || isText || (key !== 'z' && key !== 'y')) return;
      // Nobody sees what would change behind it.
      if (document.querySelector('[aria-modal=true]')) return;
      event.preventDefault();
      if (key === 'y' || event.shiftKey) redo();
      else undo();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [undo, redo]);
}
