import { Button, Group, NativeSelect, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ConfirmDialog } from '../frame/confirm-dialog.tsx';
import { addDays } from '../frame/days.ts';
import { Failure } from '../frame/failure.tsx';
import { formatDay } from '../frame/format.ts';
import { TableHead } from '../frame/scroll-table.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { forgetPerson, type Profile, useManage } from './answers.ts';

const { about } = texts.person;
const { leave: words } = about;
const TYPES = ['holiday', 'leave', 'sick'] as const;

type Leave = Profile['leaves'][number];

/** The leave of a person, and what adds and removes it. */
export function LeaveList({ profile }: { profile: Profile }) {
  const [removing, setRemoving] = useState<Leave>();
  const { leaves, status } = profile;
  const mayChange = status === 'active';
  return (
    <Stack gap="sm">
      {leaves.length === 0 ? (
        <Text size="sm">{about.none}</Text>
      ) : (
        <Table withTableBorder verticalSpacing={4} maw={640}>
          <TableHead columns={[...words.columns, ...(mayChange ? [words.remove] : [])]} />
          <Table.Tbody>
            {leaves.map((leave) => (
              <Table.Tr key={`${leave.startDate} ${leave.endDate} ${leave.leaveType}`}>
                <Table.Td>{formatDay(leave.startDate)}</Table.Td>
                <Table.Td>{formatDay(leave.endDate)}</Table.Td>
                <Table.Td>{leave.leaveType === null ? words.any : words.types[leave.leaveType]}</Table.Td>
                {mayChange && (
                  <Table.Td>
                    <Button
                      variant="default"
                      size="compact-sm"
                      aria-label={words.removeOne(...daysOf(leave))}
                      onClick={() => setRemoving(leave)}
                    >
                      {words.remove}
                    </Button>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {mayChange && <AddLeave profile={profile} />}
      {removing && (
        <RemoveLeave leave={removing} userId={profile.userId} onClose={() => setRemoving(undefined)} />
      )}
    </Stack>
  );
}

/** Adds leave. What the fields held stays for the next leave, but for its last day. */
function AddLeave({ profile: { userId, today } }: { profile: Profile }) {
  const { organisation } = useOrganisation();
  const manage = useManage();
  const [from, setFrom] = useState(today === null ? '' : addDays(today, 1));
  const [to, setTo] = useState('');
  const [type, setType] = useState('');
  const { mutate, error, isPending, isSuccess, reset } = useMutation({
    mutationFn: () =>
      manage.users.scheduleLeave(userId, {
        startDate: from,
        endDate: to || from,
        ...(type ? { leaveType: type } : {}),
      }),
    onSuccess: () => {
      setTo('');
      return forgetPerson(organisation, userId);
    },
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    // What was said about the last leave is not about the next one.
    <form onSubmit={onSubmit} onChange={reset}>
      <Stack gap="xs">
        <Text size="sm">{words.intro}</Text>
        <Group align="flex-end" gap="sm">
          <TextInput
            type="date"
            label={words.from}
            required
            withAsterisk={false}
            value={from}
            onChange={({ currentTarget: { value } }) => setFrom(value)}
          />
          <TextInput
            type="date"
            label={words.to}
            min={from}
            value={to}
            onChange={({ currentTarget: { value } }) => setTo(value)}
          />
          <NativeSelect
            label={words.type}
            value={type}
            data={[
              { value: '', label: words.any },
              ...TYPES.map((value) => ({ value, label: words.types[value] })),
            ]}
            onChange={({ currentTarget: { value } }) => setType(value)}
          />
          <Button type="submit" variant="default" loading={isPending}>
            {words.add}
          </Button>
        </Group>
        <Text size="xs" c="dimmed">
          {words.oneDay}
        </Text>
        {error && <Failure error={error} />}
        <Text size="sm" role="status">
          {isSuccess ? words.added : ''}
        </Text>
      </Stack>
    </form>
  );
}

interface RemoveLeaveProps {
  leave: Leave;
  userId: string;
  onClose: () => void;
}

function RemoveLeave({ leave, userId, onClose }: RemoveLeaveProps) {
  const { organisation } = useOrganisation();
  const manage = useManage();
  const { startDate, endDate } = leave;
  const cancelLeave = async () => {
    await manage.users.cancelLeave(userId, { startDate, endDate });
    await forgetPerson(organisation, userId);
  };
  return (
    <ConfirmDialog
      title={words.removeTitle(...daysOf(leave))}
      paragraphs={[words.removeAdvice]}
      submit={words.remove}
      cancel={words.cancel}
      act={cancelLeave}
      onClose={onClose}
    />
  );
}

function daysOf({ startDate, endDate }: Leave): [from: string, to: string] {
  return [formatDay(startDate), formatDay(endDate)];
}
