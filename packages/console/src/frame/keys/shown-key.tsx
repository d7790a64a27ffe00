import './style.css';
import { Alert, Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { texts } from '../../texts.ts';
import { useFirstOffice } from '../nodes.ts';
import { OfficeSelect } from '../office-select.tsx';
import { Copyable } from './copyable.tsx';
import { firstLines, type Key, LANGUAGES, type Language } from './first-lines.ts';

const { shownKey, keys } = texts.integrations;

interface ShownKeyProps {
  shown: { key: Key; secret: string };
  onDone: () => void;
}

/** A key whose secret is shown only now, with lines that use it. */
export function ShownKey({ shown, onDone }: ShownKeyProps) {
  return (
    <Stack>
      <Alert variant="outline" color="blue" role="status">
        {shownKey.onlyNow}
      </Alert>
      <Copyable label={shownKey.baseUrl} text={window.location.origin} />
      <Copyable label={keys.columns.id} text={shown.key.apiKey} />
      <Copyable label={shownKey.secret} text={shown.secret} />
      <FirstLines shown={shown} />
      <Group justify="flex-end">
        <Button onClick={onDone}>{shownKey.done}</Button>
      </Group>
    </Stack>
  );
}

/** Lines for the first call, with the office and the person that one chooses. */
function FirstLines({ shown: { key, secret } }: Pick<ShownKeyProps, 'shown'>) {
  const [language, setLanguage] = useState<Language>('curl');
  const [chosenId, setChosenId] = useState<string>();
  const [userEmail, setUserEmail] = useState('');
  const isStatistics = key.role === 'statistics';
  const isExport = isStatistics || key.role === 'data-warehouse';
  const { data: firstId } = useFirstOffice(!isExport);
  const locationId = chosenId ?? key.locationIds?.[0] ?? firstId ?? undefined;
  const lines = firstLines(
    {
      key,
      secret,
      baseUrl: window.location.origin,
      sourceId: key.name,
      locationId: locationId ?? 'LOCATION_ID',
      userEmail: userEmail.trim() || 'ada@example.com',
      today: new Date().toISOString().slice(0, 10),
    },
    language,
  );
  return (
    <Stack gap="xs">
      <Text size="sm">
        {isStatistics ? shownKey.linesOfStatistics : isExport ? shownKey.linesOfExport : shownKey.lines}
      </Text>
      {!isExport && (
        <Group gap="sm" align="flex-start" grow>
          <OfficeSelect
            label={shownKey.office}
            {...(firstId === null && { description: shownKey.noOffice, disabled: true })}
            value={locationId}
            onChoose={setChosenId}
          />
          {key.role !== 'visitor-only' && (
            <TextInput
              label={shownKey.person}
              placeholder="ada@example.com"
              value={userEmail}
              onChange={({ currentTarget: { value } }) => setUserEmail(value)}
            />
          )}
        </Group>
      )}
      <SegmentedControl
        aria-label={shownKey.language}
        value={language}
        onChange={(value) => setLanguage(value as Language)}
        data={LANGUAGES.map((value) => ({ value, label: shownKey.languages[value] }))}
      />
      <Copyable label={shownKey.languages[language]} text={lines} block />
    </Stack>
  );
}
