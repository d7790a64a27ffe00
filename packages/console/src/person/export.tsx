import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Failure } from '../frame/failure.tsx';
import { Icon } from '../frame/icon.tsx';
import { DOWNLOAD_TIMEOUT_MS, saveFile } from '../frame/save-file.ts';
import { texts } from '../texts.ts';
import { type Profile, useManage } from './answers.ts';

const { heldData } = texts.person.about;

/** Saves everything that is held about a person, as the API gives it. */
export function ExportButton({ profile: { userId, userName } }: { profile: Profile }) {
  const manage = useManage();
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () =>
      saveFile(await manage.users.export(userId, { timeoutMs: DOWNLOAD_TIMEOUT_MS }), `${userName}.zip`),
  });
  return (
    <Stack gap="xs">
      <Text size="sm">{heldData.intro}</Text>
      {error && <Failure error={error} retry={() => mutate()} />}
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="download" />}
          loading={isPending}
          onClick={() => mutate()}
        >
          {heldData.save}
        </Button>
      </Group>
    </Stack>
  );
}
