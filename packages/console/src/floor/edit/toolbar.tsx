import { ActionIcon, Button, FileButton, Group, Select, Tooltip } from '@mantine/core';
import { useRef } from 'react';
import { formatTenths, formatWhole } from '../../frame/format.ts';
import { Icon, type IconName } from '../../frame/icon.tsx';
import { texts } from '../../texts.ts';
import type { Editor } from './editor.ts';
import type { ImageUpload } from './image-upload.tsx';
import type { Commands } from './use-commands.ts';

const { editor: words } = texts.floor;
const RATIOS = { wide: 1.5, square: 1, tall: 2 / 3, panorama: 3 } as const;

interface ToolbarProps {
  editor: Editor;
  commands: Commands;
  isSnapping: boolean;
  onSnap: (isSnapping: boolean) => void;
  upload: ImageUpload;
}

export function Toolbar({ editor, commands, isSnapping, onSnap, upload }: ToolbarProps) {
  const { plan, past, future, selected } = editor;
  const resetFile = useRef<() => void>(null);
  return (
    <Group gap="xs" role="toolbar" aria-label={texts.floor.edit}>
      <Tool
        icon="undo"
        label={words.undo}
        keys="Control+Z"
        isOff={past.length === 0}
        onClick={commands.undo}
      />
      <Tool
        icon="redo"
        label={words.redo}
        keys="Control+Shift+Z"
        isOff={future.length === 0}
        onClick={commands.redo}
      />
      <Tooltip label={words.snapHint}>
        <Button
          size="xs"
          variant={isSnapping ? 'light' : 'default'}
          aria-pressed={isSnapping}
          onClick={() => onSnap(!isSnapping)}
        >
          {words.snap}
        </Button>
      </Tooltip>
      <FileButton
        accept="image/png,image/jpeg,image/svg+xml"
        resetRef={resetFile}
        onChange={(file) => {
          // The same file, corrected, can then be chosen again.
          resetFile.current?.();
          if (file) upload.send(file);
        }}
      >
        {(props) => (
          <Button {...props} size="xs" variant="default" loading={upload.isSending}>
            {plan.imageId === null ? words.image.choose : words.image.other}
          </Button>
        )}
      </FileButton>
      {plan.imageId === null ? (
        <RatioSelect
          ratio={plan.aspectRatio}
          onChange={(aspectRatio) => commands.setSheet({ aspectRatio })}
        />
      ) : (
        <Button size="xs" variant="subtle" onClick={() => commands.setSheet({ imageId: null })}>
          {words.image.remove}
        </Button>
      )}
      {selected.size > 0 && (
        <Button size="xs" variant="default" onClick={() => commands.takeOff(selected)}>
          {words.remove(formatWhole(selected.size), selected.size === 1)}
        </Button>
      )}
    </Group>
  );
}

interface ToolProps {
  icon: IconName;
  label: string;
  keys: string;
  isOff: boolean;
  onClick: () => void;
}

function Tool({ icon, label, keys, isOff, onClick }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="default"
        size={30}
        aria-label={label}
        aria-keyshortcuts={keys}
        disabled={isOff}
        onClick={onClick}
      >
        <Icon name={icon} />
      </ActionIcon>
    </Tooltip>
  );
}

function RatioSelect({ ratio, onChange }: { ratio: number; onChange: (ratio: number) => void }) {
  const { ratios, ratio: label, own } = words.image;
  const names = Object.keys(RATIOS) as (keyof typeof RATIOS)[];
  const chosen = names.find((name) => Math.abs(RATIOS[name] - ratio) < 0.001);
  return (
    <Select
      size="xs"
      w={150}
      aria-label={label}
      allowDeselect={false}
      value={chosen ?? 'own'}
      onChange={(name) => {
        const next = RATIOS[name as keyof typeof RATIOS];
        if (next) onChange(next);
      }}
      data={[
        ...names.map((value) => ({ value: value as string, label: ratios[value] })),
        ...(chosen ? [] : [{ value: 'own', label: own(formatTenths(ratio)) }]),
      ]}
    />
  );
}
