import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { ConflictError, ValidationError } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { accountsKey, ROLES, type Role, roleOf, type ShownLink } from './accounts.ts';

const { people, roles, cancel, close } = texts.settings;
const { inviteForm } = people;

interface InviteDialogProps {
  opened: boolean;
  onClose: () => void;
  onInvited: (link: ShownLink) => void;
}

/** Asks whom to invite. A refusal keeps what was typed. */
export function InviteDialog({ opened, onClose, onInvited }: InviteDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={inviteForm.title}
      closeButtonProps={{ 'aria-label': close }}
    >
      <InviteForm onClose={onClose} onInvited={onInvited} />
    </Modal>
  );
}

function InviteForm({ onClose, onInvited }: Omit<InviteDialogProps, 'opened'>) {
  const { organisation } = useOrganisation();
  const [role, setRole] = useState<Role>('viewer');
  const { mutate, error, isPending } = useMutation({
    mutationFn: (invitation: { email: string; name?: string; role: Role }) =>
      clientOf(organisation).manage.accounts.invite(invitation),
    onSuccess: ({ account, link, expiresAt }) => {
      onInvited({ email: account.email, link, expiresAt });
      return queryClient.invalidateQueries({ queryKey: accountsKey(organisation) });
    },
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const name = String(fields.get('name')).trim();
    mutate({ email: String(fields.get('email')).trim(), role, ...(name ? { name } : {}) });
  };
  const fault = faultOf(error);
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        <TextInput
          name="email"
          type="email"
          label={inviteForm.email}
          autoComplete="off"
          required
          withAsterisk={false}
          data-autofocus
          error={fault}
        />
        <TextInput name="name" label={inviteForm.name} description={inviteForm.nameHint} autoComplete="off" />
        <Select
          label={inviteForm.role}
          description={people.roleHints[role as keyof typeof people.roleHints]}
          allowDeselect={false}
          value={role}
          onChange={(value) => setRole(roleOf(value) ?? role)}
          data={ROLES.map((value) => ({ value, label: roles[value] }))}
        />
        {error && fault === undefined && <Failure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {cancel}
          </Button>
          <Button type="submit" loading={isPending}>
            {inviteForm.submit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What the server says about the address. Undefined for another failure. */
function faultOf(error: unknown): string | undefined {
  return error instanceof ConflictError || error instanceof ValidationError ? error.detail : undefined;
}
