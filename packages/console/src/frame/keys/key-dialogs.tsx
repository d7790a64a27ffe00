import { Select, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { texts } from '../../texts.ts';
import { clientOf } from '../client.ts';
import { useOrganisation } from '../session.ts';
import { BindingFields, bindingsOf, changedExpiryOf } from './binding-fields.tsx';
import { expiryOf, FormDialog } from './dialogs.tsx';
import type { Key } from './first-lines.ts';
import { changedLimitsOf, LimitFields, type LimitsOfAll } from './limit-fields.tsx';
import { ShownKey } from './shown-key.tsx';

const { integrations } = texts;
const { keys } = integrations;
const DAY_S = '86400';

interface DialogProps {
  queryKey: readonly unknown[];
  onClose: () => void;
}

interface CreateKeyProps extends DialogProps {
  roles: readonly Key['role'][];
  /** Shows the secret elsewhere. Without it, the dialog shows it. */
  onShown?: ((shown: { key: Key; secret: string }) => void) | undefined;
}

/** Creates a key with one of the roles, and shows its secret. */
export function CreateKey({ roles, onShown, ...dialog }: CreateKeyProps) {
  const { organisation } = useOrganisation();
  const [role, setRole] = useState(roles[0]);
  return (
    <FormDialog
      {...dialog}
      title={keys.createTitle}
      submit={keys.create}
      send={(fields) =>
        clientOf(organisation).manage.keys.create({
          name: String(fields.get('name')).trim(),
          role: String(fields.get('role')) as Key['role'],
          ...bindingsOf(fields),
          authentication: String(fields.get('authentication')) as Key['authentication'],
          expiresAt: expiryOf(fields),
        })
      }
      onResult={onShown}
      after={
        onShown
          ? undefined
          : (shown, close) => ({
              title: integrations.shownKey.title(shown.key.name),
              content: <ShownKey shown={shown} onDone={close} />,
            })
      }
    >
      <TextInput
        name="name"
        label={integrations.name}
        description={integrations.nameHint}
        required
        withAsterisk={false}
        maxLength={200}
        data-autofocus
      />
      <Select
        name="role"
        label={keys.role}
        allowDeselect={false}
        value={role ?? null}
        onChange={(chosen) => setRole(roles.find((each) => each === chosen))}
        data={roles.map((value) => ({ value, label: keys.roles[value] }))}
      />
      <Select
        name="authentication"
        label={keys.authentication}
        allowDeselect={false}
        defaultValue="basic"
        data={(['basic', 'hmac'] as const).map((value) => ({ value, label: keys.authentications[value] }))}
      />
      {role && <BindingFields role={role} />}
    </FormDialog>
  );
}

interface ChangeKeyProps extends DialogProps {
  changedKey: Key;
  limits: LimitsOfAll;
}

/** Changes what a key is bound to, and its rate limits. */
export function ChangeKey({ changedKey: key, limits, ...dialog }: ChangeKeyProps) {
  const { organisation } = useOrganisation();
  return (
    <FormDialog
      {...dialog}
      title={keys.changeTitle(key.name)}
      submit={keys.bindings.save}
      send={(fields) =>
        clientOf(organisation).manage.keys.change(key.apiKey, {
          ...bindingsOf(fields),
          ...changedExpiryOf(fields, key),
          ...changedLimitsOf(fields, key.limits),
        })
      }
    >
      <Text size="sm">{keys.bindings.advice}</Text>
      <BindingFields role={key.role} present={key} />
      <LimitFields present={key.limits} {...limits} />
    </FormDialog>
  );
}

/** Gives a key a new secret, and shows it. Somebody else's rotation in the meantime is a conflict. */
export function RotateKey({ shownKey: key, ...dialog }: DialogProps & { shownKey: Key }) {
  const { organisation } = useOrganisation();
  return (
    <FormDialog
      {...dialog}
      title={keys.rotateTitle(key.name)}
      submit={keys.rotate}
      send={(fields) =>
        clientOf(organisation).manage.keys.rotate(key.apiKey, {
          graceS: Number(fields.get('grace')),
          secretVersion: key.secretVersion,
        })
      }
      after={(shown, close) => ({
        title: keys.newSecret(shown.key.name),
        content: <ShownKey shown={shown} onDone={close} />,
      })}
    >
      <Text size="sm">{keys.rotateAdvice}</Text>
      <Select
        name="grace"
        label={keys.grace}
        allowDeselect={false}
        defaultValue={DAY_S}
        data={Object.entries(keys.graces).map(([value, label]) => ({ value, label }))}
      />
    </FormDialog>
  );
}
