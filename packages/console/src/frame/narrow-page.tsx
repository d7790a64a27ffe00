import { Group, Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { texts } from '../texts.ts';
import { ColourSchemeMenu } from './colour-scheme.tsx';

/** The surroundings of a page that needs no session. */
export function NarrowPage({ children }: { children: ReactNode }) {
  return (
    <main className="narrow">
      <Group justify="space-between" mb="md">
        <Text fw={600}>{texts.product}</Text>
        <ColourSchemeMenu />
      </Group>
      <Paper withBorder p="lg">
        {children}
      </Paper>
    </main>
  );
}
