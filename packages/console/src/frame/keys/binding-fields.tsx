import { CloseButton, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { texts } from '../../texts.ts';
import { OfficeSelect, useOfficeName } from '../office-select.tsx';
import { expiryOf } from './dialogs.tsx';
import type { Key } from './first-lines.ts';

const { integrations } = texts;
const { bindings } = integrations.keys;

type Bindings = Pick<Key, 'expiresAt' | 'networks' | 'locationIds'>;

interface BindingFieldsProps {
  role: Key['role'];
  /** What the key is bound to now. */
  present?: Bindings;
}

/** The fields that bind a key: its end, its networks and its offices. `bindingsOf` reads them. */
export function BindingFields({ role, present }: BindingFieldsProps) {
  const [officeIds, setOfficeIds] = useState<readonly string[]>(present?.locationIds ?? []);
  // A key for everything is of no office.
  const hasOffices = role !== 'all';
  return (
    <>
      <TextInput
        name="expiresOn"
        type="date"
        label={integrations.ends}
        description={integrations.endsHint}
        defaultValue={dayOf(present?.expiresAt ?? null)}
      />
      <Textarea
        name="networks"
        label={bindings.networks}
        description={bindings.networksHint}
        autosize
        minRows={1}
        maxRows={6}
        defaultValue={present?.networks?.join('\n')}
      />
      {hasOffices && (
        <Stack gap="xs">
          <OfficeSelect
            label={bindings.offices}
            description={bindings.officesHint}
            onChoose={(id) => setOfficeIds((ids) => (ids.includes(id) ? ids : [...ids, id]))}
          />
          {officeIds.map((id) => (
            <ChosenOffice
              key={id}
              locationId={id}
              onRemove={() => setOfficeIds((ids) => ids.filter((each) => each !== id))}
            />
          ))}
        </Stack>
      )}
    </>
  );
}

function ChosenOffice({ locationId, onRemove }: { locationId: string; onRemove: () => void }) {
  const name = useOfficeName(locationId) ?? '';
  return (
    <Group gap="xs">
      <input type="hidden" name="locationIds" value={locationId} />
      <Text size="sm">{name}</Text>
      <CloseButton size="sm" aria-label={bindings.removeOffice(name)} onClick={onRemove} />
    </Group>
  );
}

/** The networks and offices of a form; null stands for no binding. */
export function bindingsOf(fields: FormData): Pick<Key, 'networks' | 'locationIds'> {
  const networks = String(fields.get('networks') ?? '')
    .split(/[\s,]+/)
    .filter(Boolean);
  const locationIds = fields.getAll('locationIds').map(String);
  return {
    networks: networks.length > 0 ? networks : null,
    locationIds: locationIds.length > 0 ? locationIds : null,
  };
}

/** The end of a form, if it is another day than the present one. */
export function changedExpiryOf(fields: FormData, { expiresAt }: Bindings): { expiresAt?: string | null } {
  const isSame = String(fields.get('expiresOn') ?? '') === dayOf(expiresAt);
  return isSame ? {} : { expiresAt: expiryOf(fields) ?? null };
}

/** The day of an instant in the browser's time zone, as a field for dates takes it. */
function dayOf(instant: string | null): string {
  if (instant === null) return '';
  const at = new Date(instant);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** What a key is bound to, in words; undefined if to nothing but its end. */
export function describeBindings({ networks, locationIds }: Bindings): string | undefined {
  const parts = [
    ...(networks ? [bindings.fromNetworks(networks)] : []),
    ...(locationIds ? [bindings.ofOffices(locationIds.length)] : []),
  ];
  return parts.length > 0 ? parts.join(' · ') : undefined;
}
