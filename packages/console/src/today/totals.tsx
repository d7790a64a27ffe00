import { SimpleGrid, Text } from '@mantine/core';
import { formatWhole } from '../frame/format.ts';
import { texts } from '../texts.ts';
import type { Office } from './answers.ts';

const { figures } = texts.today;
const SHOWN = ['present', 'expected', 'planned', 'booked', 'walkIn', 'visitors', 'spacesInUse'] as const;

/** The sums of the offices. A person at two offices counts at both, as in the rows. */
export function Totals({ offices }: { offices: readonly Office[] }) {
  return (
    <SimpleGrid component="dl" cols={{ base: 2, xs: 4, md: 7 }} spacing="sm" m={0}>
      {SHOWN.map((name) => (
        <div key={name}>
          <Text component="dt" size="sm" c="dimmed">
            {figures[name]}
          </Text>
          <Text component="dd" m={0} fz="xl" fw={600} data-figure={name}>
            {formatWhole(sumOf(offices, name))}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  );
}

function sumOf(offices: readonly Office[], name: (typeof SHOWN)[number]): number {
  return offices.reduce((sum, office) => sum + office[name], 0);
}
