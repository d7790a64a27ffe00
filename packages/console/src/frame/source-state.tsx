import { Badge } from '@mantine/core';
import { texts } from '../texts.ts';
import type { Source } from './sources.ts';

const { sources } = texts;

/** Whether a source is quiet. */
export function SourceState({ source }: { source: Source }) {
  if (!source.quiet) return sources.active;
  return (
    <Badge color="red.9" variant="filled">
      {sources.quiet}
    </Badge>
  );
}
