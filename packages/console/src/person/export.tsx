import { Button, Group, Stack, Text } from '@mantine/core';
import { fileAddress } from '../frame/client.ts';
import { Icon } from '../frame/icon.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import type { Profile } from './answers.ts';

const { heldData } = texts.person.about;

/** Saves everything that is held about a person, as the API gives it. */
export function ExportButton({ profile: { userId, userName } }: { profile: Profile }) {
  const { organisation } = useOrganisation();
  return (
    <Stack gap="xs">
      <Text size="sm">{heldData.intro}</Text>
      <Group>
        <Button
          component="a"
          href={fileAddress(`users/${encodeURIComponent(userId)}/export`, organisation)}
          download={`${userName}.zip`}
          variant="default"
          size="xs"
          leftSection={<Icon name="download" />}
        >
          {heldData.save}
        </Button>
      </Group>
    </Stack>
  );
}
