import { Alert, Button, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { Icon } from '../frame/icon.tsx';
import { saveFile } from '../frame/save-file.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';

const { places } = texts;
const KINDS = ['locations', 'desks', 'spaces'] as const;
/** A file is one answer, and may be long. */
const TIMEOUT_MS = 300_000;

/** Saves places as CSV, as the API writes them. The import reads these files. */
export function ExportMenu() {
  const { organisation, role } = useOrganisation();
  const { mutate, isPending, isError } = useMutation({
    mutationFn: async (kind: (typeof KINDS)[number]) => {
      const { analytics } = clientOf(organisation);
      saveFile(
        await analytics.file(kind, {}, 'csv', { timeoutMs: TIMEOUT_MS }),
        `${organisation}-${kind}.csv`,
      );
    },
  });
  if (role !== 'administrator' && role !== 'planner') return null;
  return (
    <>
      {isError && (
        <Alert role="alert" color="red" variant="outline" p="xs">
          {places.exportFailed}
        </Alert>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" size="xs" leftSection={<Icon name="download" />} loading={isPending}>
            {places.export}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {KINDS.map((kind) => (
            <Menu.Item key={kind} onClick={() => mutate(kind)}>
              {places.exports[kind]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
