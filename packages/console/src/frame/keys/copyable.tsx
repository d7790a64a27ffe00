import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useId } from 'react';
import { texts } from '../../texts.ts';

const { copying } = texts.integrations;

interface CopyableProps {
  label: string;
  text: string;
  /** Several lines, as they are. */
  block?: boolean;
}

/** A text that programs need exactly, with a button that copies it. */
export function Copyable({ label, text, block = false }: CopyableProps) {
  const id = useId();
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Text id={id} size="sm" fw={500}>
          {label}
        </Text>
        <CopyButton value={text} timeout={2_000}>
          {({ copied, copy }) => (
            <Button variant="default" size="compact-xs" onClick={copy} aria-label={copying.copyLabel(label)}>
              <span aria-live="polite">{copied ? copying.copied : copying.copy}</span>
            </Button>
          )}
        </CopyButton>
      </Group>
      {/* The keyboard scrolls long lines. */}
      <Code block={block} className="copyable" role="group" aria-labelledby={id} tabIndex={0}>
        {text}
      </Code>
    </Stack>
  );
}
