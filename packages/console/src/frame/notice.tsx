import { Alert, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Says that there is nothing to show, and what to do next. */
export function Notice({ title, advice, children }: { title: string; advice: string; children?: ReactNode }) {
  return (
    <Alert variant="outline" color="gray" title={title}>
      <Text size="sm">{advice}</Text>
      {children}
    </Alert>
  );
}
