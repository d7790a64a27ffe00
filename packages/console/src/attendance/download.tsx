import { Alert, Button, Group, Menu } from '@mantine/core';
import type { Rollcall } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { Icon } from '../frame/icon.tsx';
import { saveFile } from '../frame/save-file.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { faultOf, metricsQuery, type Question, usageQuery } from './question.ts';

const { attendance } = texts;
const FORMATS = ['csv', 'parquet'] as const;
type Format = (typeof FORMATS)[number];
/** A file is one answer, and may be long. */
const TIMEOUT_MS = 300_000;

/** Saves the rows behind the view as a file, as the API writes it. */
export function DownloadMenu({ question }: { question: Question }) {
  const { organisation } = useOrganisation();
  const { mutate, isPending, isError } = useMutation({
    mutationFn: async (format: Format) => {
      const file = await ask(clientOf(organisation).analytics, question, format);
      saveFile(file, `${organisation}-${question.view}-${question.from}-${question.to}.${format}`);
    },
  });
  return (
    <Group gap="xs">
      {isError && (
        <Alert role="alert" color="red" variant="outline" p="xs">
          {attendance.downloadFailed}
        </Alert>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="download" />}
            loading={isPending}
            disabled={faultOf(question) !== undefined}
          >
            {attendance.download}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FORMATS.map((format) => (
            <Menu.Item key={format} onClick={() => mutate(format)}>
              {attendance.downloads[format]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}

/** The rows of the view's chart; for desks and zones, those of the desks. */
function ask(analytics: Rollcall['analytics'], question: Question, format: Format): Promise<Blob> {
  const { view, period } = question;
  const options = { timeoutMs: TIMEOUT_MS };
  if (view === 'usage') {
    return analytics.file('metrics/usage', { ...usageQuery(question), by: 'place' }, format, options);
  }
  const query = metricsQuery(question);
  return view === 'weekdays'
    ? analytics.file('metrics/weekdays', { ...query, period: 'week' }, format, options)
    : analytics.file('metrics', { ...query, period }, format, options);
}
