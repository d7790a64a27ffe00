import { Alert, Button, Group, NumberInput, Select, Stack, Table, Text } from '@mantine/core';
import type { Change, Reply, Versioned } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';

type Settings = Versioned<Reply<'GET /v1/manage/retention'>>;
type Item = Settings['row']['items'][number];
type Kind = Item['kind'];
type Period = Item['kept'];
type Effect = Reply<'POST /v1/manage/retention/effects'>['items'][number];

const { retention: labels, cancel, saved } = texts.settings;
const UNITS = ['M', 'D', ''] as const;
type Unit = (typeof UNITS)[number];

const retentionKey = (organisation: string) => ['retention', organisation];

/** How long each kind of data is kept. */
export function RetentionSettings() {
  const { organisation, role } = useOrganisation();
  const { data, error, refetch } = useQuery({
    queryKey: retentionKey(organisation),
    queryFn: ({ signal }) => clientOf(organisation).manage.retention.read({ signal }),
    staleTime: 0,
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return <RetentionForm stored={data} isEditable={role === 'administrator'} />;
}

/** A change is counted before it can be saved. */
function RetentionForm({ stored, isEditable }: { stored: Settings; isEditable: boolean }) {
  const { organisation } = useOrganisation();
  const [typed, setTyped] = useState<Partial<Record<Kind, Period>>>({});
  const { items } = stored.row;
  const keptOf = ({ kind, kept }: Item) => (kind in typed ? (typed[kind] ?? null) : kept);
  const changed = items.filter((item) => keptOf(item) !== item.kept);
  const change = Object.fromEntries(
    changed.map((item) => [item.kind, keptOf(item)]),
  ) as Change<'PATCH /v1/manage/retention'>;
  const count = useMutation({ mutationFn: () => clientOf(organisation).manage.retention.effects(change) });
  const save = useMutation({
    mutationFn: () => clientOf(organisation).manage.retention.update(change, { ifVersion: stored.version }),
    onSuccess: () => {
      setTyped({});
      count.reset();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: retentionKey(organisation) }),
  });
  const edit = (kind: Kind, kept: Period) => {
    count.reset();
    save.reset();
    setTyped({ ...typed, [kind]: kept });
  };
  const error = count.error ?? save.error;
  return (
    <Stack>
      <Text>{labels.intro}</Text>
      <ScrollTable label={labels.title} columns={labels.columns}>
        {items.map((item) => (
          <Table.Tr key={item.kind}>
            <Table.Td>{labels.kinds[item.kind]}</Table.Td>
            <Table.Td>
              {isEditable ? (
                <PeriodInput
                  name={labels.kinds[item.kind]}
                  kept={keptOf(item)}
                  isLimited={item.longestDays !== null}
                  onChange={(kept) => edit(item.kind, kept)}
                />
              ) : (
                labels.period(item.kept)
              )}
            </Table.Td>
            <Table.Td>{labels.period(item.byDefault)}</Table.Td>
          </Table.Tr>
        ))}
        {stored.row.readOnly.map(({ kind, title, kept, byDefault }) => (
          <Table.Tr key={kind}>
            <Table.Td>{labels.ofOperator[kind] ?? title}</Table.Td>
            <Table.Td>{labels.period(kept)}</Table.Td>
            <Table.Td>{labels.period(byDefault)}</Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
      {error && <Failure error={error} />}
      {!isEditable && <Text size="sm">{labels.readOnly}</Text>}
      {isEditable && !count.data && (
        <Group>
          <Button onClick={() => count.mutate()} loading={count.isPending} disabled={changed.length === 0}>
            {labels.count}
          </Button>
        </Group>
      )}
      {count.data && (
        <Alert variant="outline" color="red" title={labels.effects}>
          <Stack gap="xs">
            {count.data.items.map((effect) => (
              <Text key={effect.kind} size="sm">
                {labels.effect(labels.kinds[effect.kind], ...summaryOf(effect))}
              </Text>
            ))}
            <Group>
              <Button color="red" onClick={() => save.mutate()} loading={save.isPending}>
                {labels.save}
              </Button>
              <Button variant="default" onClick={() => count.reset()}>
                {cancel}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
      {save.isSuccess && (
        <Text size="sm" role="status">
          {saved}
        </Text>
      )}
    </Stack>
  );
}

function PeriodInput({
  name,
  kept,
  isLimited,
  onChange,
}: {
  name: string;
  kept: Period;
  isLimited: boolean;
  onChange: (kept: Period) => void;
}) {
  const unit = (kept?.slice(-1) ?? '') as Unit;
  const count = Number(kept?.slice(1, -1) ?? 3);
  const units = UNITS.filter((each) => each !== '' || !isLimited);
  return (
    <Group gap="xs" wrap="nowrap">
      {kept !== null && (
        <NumberInput
          aria-label={labels.countOf(name)}
          w={90}
          min={1}
          max={99_999}
          allowDecimal={false}
          value={count}
          onChange={(value) => Number(value) >= 1 && onChange(`P${Number(value)}${unit}`)}
        />
      )}
      <Select
        aria-label={labels.unitOf(name)}
        w={150}
        allowDeselect={false}
        data={units.map((value) => ({ value, label: labels.units[value] }))}
        value={unit}
        onChange={(value) => onChange(value ? `P${count}${value}` : null)}
      />
    </Group>
  );
}

/** The number of rows that would be removed, in words, and the first day that is kept. */
function summaryOf({
  months,
  isComplete,
  firstKeptDay,
}: Effect): [rows: number, isMore: boolean, day: string | null] {
  const rows = months.reduce((sum, month) => sum + month.rows, 0);
  return [rows, !isComplete || months.some(({ isMore }) => isMore), firstKeptDay];
}
