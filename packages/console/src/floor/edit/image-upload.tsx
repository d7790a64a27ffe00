import { Alert, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type DragEvent, type HTMLAttributes, type ReactNode, useState } from 'react';
import { clientOf } from '../../frame/client.ts';
import { Failure } from '../../frame/failure.tsx';
import { formatWhole } from '../../frame/format.ts';
import { Notice } from '../../frame/notice.tsx';
import { useOrganisation } from '../../frame/session.ts';
import { Waiting } from '../../frame/shell.tsx';
import { texts } from '../../texts.ts';
import type { Commands } from './use-commands.ts';

const { image: words } = texts.floor.editor;
/** The server takes no larger image. */
const MOST_BYTES = 5 * 1024 * 1024;
/** The server reads and checks all of an image. */
const TIMEOUT_MS = 60_000;

/** The upload of the image on which the places lie. */
export interface ImageUpload {
  send: (file: File) => void;
  isSending: boolean;
  /** What the server said about the last image. */
  notice: ReactNode;
  /** For the element on which one drops a file. */
  dropTarget: HTMLAttributes<HTMLDivElement>;
}

class ImageTooLargeError extends Error {}

/** `isMissing`: the plan has no image yet. */
export function useImageUpload(levelId: string, commands: Commands, isMissing: boolean): ImageUpload {
  const { organisation } = useOrganisation();
  const [isOver, setIsOver] = useState(false);
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: async (file: File) => {
      if (file.size > MOST_BYTES) throw new ImageTooLargeError();
      return clientOf(organisation).manage.floorPlans.sendImage(levelId, file, typeOf(file), {
        timeoutMs: TIMEOUT_MS,
      });
    },
    onSuccess: ({ imageId, width, height }) => commands.setSheet({ imageId, aspectRatio: width / height }),
  });
  const hasFile = ({ dataTransfer }: DragEvent) => dataTransfer.types.includes('Files');
  return {
    send: mutate,
    isSending: isPending,
    notice: (
      <>
        {isPending && (
          <Group gap="xs">
            <Waiting />
            <Text size="sm" role="status">
              {words.uploading}
            </Text>
          </Group>
        )}
        {(isOver || isMissing) && (
          <Text size="sm" c="dimmed">
            {isOver ? words.dropNow : words.drop}
          </Text>
        )}
        {error &&
          (error instanceof ImageTooLargeError ? <Notice {...words.tooLarge} /> : <Failure error={error} />)}
        {data && !isPending && data.removed.length > 0 && (
          <Alert variant="outline" title={words.removed} role="status">
            <ul className="plain-list">
              {data.removed.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          </Alert>
        )}
        {data && !isPending && (
          <Text size="sm" c="dimmed">
            {words.placed(formatWhole(data.width), formatWhole(data.height))}
          </Text>
        )}
      </>
    ),
    dropTarget: {
      'aria-label': words.drop,
      role: 'group',
      className: isOver ? 'drop-target over' : 'drop-target',
      onDragOver: (event) => {
        if (!hasFile(event)) return;
        event.preventDefault();
        setIsOver(true);
      },
      onDragLeave: () => setIsOver(false),
      onDrop: (event) => {
        if (!hasFile(event)) return;
        event.preventDefault();
        setIsOver(false);
        const [file] = event.dataTransfer.files;
        if (file) mutate(file);
      },
    },
  };
}

/** The server looks at the bytes. A file without a usual type is sent as an SVG, and refused with the reason. */
function typeOf({ type }: File) {
  return type === 'image/png' || type === 'image/jpeg' ? type : 'image/svg+xml';
}
