import { Stack, Table, Text } from '@mantine/core';
import type { BookingEffects } from '@rollcall/sdk';
import { texts } from '../texts.ts';
import { formatWeekdayAndDay, formatWhole } from './format.ts';
import { ScrollTable } from './scroll-table.tsx';

const { effects: words } = texts;

/** What a change would do to bookings, as a dry run on the server found. */
export function Effects({ effects }: { effects: BookingEffects }) {
  const sentences = (['rebooked', 'removed', 'made'] as const).flatMap((name) =>
    effects[name] > 0 ? words[name](formatWhole(effects[name]), effects[name] === 1) : [],
  );
  return (
    <Stack gap="xs" data-effects>
      <Text size="sm">{sentences.length > 0 ? sentences.join(' ') : words.none}</Text>
      {effects.days.length > 0 && (
        <ScrollTable label={words.table} columns={words.columns} maxHeight={240}>
          {effects.days.map(({ day, bookings, toLocationId, toLocationName }) => (
            <Table.Tr key={`${day} ${toLocationId}`}>
              <Table.Td>{formatWeekdayAndDay(day)}</Table.Td>
              <Table.Td>{formatWhole(bookings)}</Table.Td>
              <Table.Td>{toLocationId === null ? words.gone : words.office(toLocationName ?? '')}</Table.Td>
            </Table.Tr>
          ))}
        </ScrollTable>
      )}
    </Stack>
  );
}
