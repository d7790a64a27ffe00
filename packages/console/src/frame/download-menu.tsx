import { Alert, Button, Group, Menu } from '@mantine/core';
import type { Rollcall } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { texts } from '../texts.ts';
import { clientOf } from './client.ts';
import { Icon } from './icon.tsx';
import { DOWNLOAD_TIMEOUT_MS, saveFile } from './save-file.ts';
import { useOrganisation } from './session.ts';

const { download } = texts;

interface DownloadMenuProps<T extends string> {
  /** What can be downloaded, with its words. */
  choices: Readonly<Record<T, string>>;
  disabled?: boolean;
  ask: (client: Rollcall, choice: T, options: { timeoutMs: number }) => Promise<Blob>;
  /** The name of the file after that of the organisation. */
  nameOf: (choice: T) => string;
}

/** Saves rows as a file, as the API writes it. */
export function DownloadMenu<T extends string>({
  choices,
  disabled = false,
  ask,
  nameOf,
}: DownloadMenuProps<T>) {
  const { organisation } = useOrganisation();
  const { mutate, isPending, isError } = useMutation({
    mutationFn: async (choice: T) => {
      const file = await ask(clientOf(organisation), choice, { timeoutMs: DOWNLOAD_TIMEOUT_MS });
      saveFile(file, `${organisation}-${nameOf(choice)}`);
    },
  });
  return (
    <Group gap="xs">
      {isError && (
        <Alert role="alert" color="red" variant="outline" p="xs">
          {download.failed}
        </Alert>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="download" />}
            loading={isPending}
            disabled={disabled}
          >
            {download.title}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(choices) as T[]).map((choice) => (
            <Menu.Item key={choice} onClick={() => mutate(choice)}>
              {choices[choice]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
