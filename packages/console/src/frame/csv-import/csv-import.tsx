import { Button, FileButton, Group, Select, Stack, Text } from '@mantine/core';
import type { ImportKind, ImportReport } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { texts } from '../../texts.ts';
import { clientOf } from '../client.ts';
import { Failure } from '../failure.tsx';
import { formatWhole } from '../format.ts';
import { Notice } from '../notice.tsx';
import { useOrganisation } from '../session.ts';
import { Waiting } from '../shell.tsx';
import { Columns } from './columns.tsx';
import { ReportView } from './report.tsx';

const { csvImport: words } = texts;
/** The server takes no larger file. */
const MOST_BYTES = 16 * 1024 * 1024;
/** An import is one answer, and may take long. */
const TIMEOUT_MS = 120_000;

interface CsvImportProps {
  /** The kinds of files that the person may import here. */
  kinds: readonly ImportKind[];
  kind: ImportKind;
  onKind: (kind: ImportKind) => void;
  /** Called when the server has stored a file. */
  onStored?: (report: ImportReport) => void;
}

/** A file as it was when it was chosen. What is stored is exactly what was previewed. */
interface ChosenFile {
  name: string;
  content: Blob;
}

class UnreadableFileError extends Error {}
class FileTooLargeError extends Error {}

/** The import of a CSV file: choose it, see what it would change, correct it, store it. */
export function CsvImport({ kinds, kind, onKind, onStored }: CsvImportProps) {
  const { organisation } = useOrganisation();
  const resetFile = useRef<() => void>(null);
  const send = (file: ChosenFile, dryRun: boolean) =>
    clientOf(organisation).manage.imports.submit(kind, file.content, { dryRun }, { timeoutMs: TIMEOUT_MS });
  const preview = useMutation({
    mutationFn: async (chosen: File) => {
      const file = await readFile(chosen);
      return { file, report: await send(file, true) };
    },
  });
  const store = useMutation({
    mutationFn: async (file: ChosenFile) => ({ file, report: await send(file, false) }),
    onSuccess: ({ report }) => onStored?.(report),
  });
  const reset = () => {
    preview.reset();
    store.reset();
  };
  const choose = (file: File | null) => {
    // The same file, corrected, can then be chosen again.
    resetFile.current?.();
    if (!file) return;
    store.reset();
    preview.mutate(file);
  };
  const isBusy = preview.isPending || store.isPending;
  const stored = store.data;
  const previewed = stored ? undefined : preview.data;
  const refused = (stored ?? previewed)?.report.refused ?? 0;
  return (
    <Stack>
      <Group align="flex-end">
        {kinds.length > 1 && (
          <Select
            label={words.kind}
            w={190}
            allowDeselect={false}
            disabled={isBusy}
            value={kind}
            onChange={(value) => {
              reset();
              onKind(value as ImportKind);
            }}
            data={kinds.map((value) => ({ value, label: words.kinds[value] }))}
          />
        )}
        <FileButton accept=".csv,.txt,.tsv,text/csv" onChange={choose} resetRef={resetFile}>
          {(props) => (
            <Button {...props} variant={previewed ? 'default' : 'filled'} disabled={isBusy}>
              {refused > 0 ? words.chooseCorrected : stored ? words.again : words.choose}
            </Button>
          )}
        </FileButton>
      </Group>
      <Columns kind={kind} />
      {isBusy && (
        <Group gap="xs">
          <Waiting />
          <Text size="sm" role="status">
            {store.isPending ? words.storing : words.reading}
          </Text>
        </Group>
      )}
      {preview.error && <FileFailure error={preview.error} />}
      {store.error && <Failure error={store.error} />}
      {previewed && !preview.isPending && (
        <ReportView
          title={words.preview(previewed.file.name)}
          note={words.previewNote}
          report={previewed.report}
        >
          <StoreButton
            report={previewed.report}
            isBusy={isBusy}
            onStore={() => store.mutate(previewed.file)}
          />
        </ReportView>
      )}
      {stored && (
        <ReportView
          title={
            stored.report.stored ? words.stored(stored.file.name) : words.nothingStored(stored.file.name)
          }
          report={stored.report}
        />
      )}
    </Stack>
  );
}

function StoreButton({
  report: { created, updated, refused },
  isBusy,
  onStore,
}: {
  report: ImportReport;
  isBusy: boolean;
  onStore: () => void;
}) {
  const rows = created + updated;
  if (rows === 0) return <Text size="sm">{words.nothingToStore}</Text>;
  return (
    <Group>
      <Button onClick={onStore} loading={isBusy}>
        {refused > 0
          ? words.storeWithout(formatWhole(rows), rows === 1, formatWhole(refused))
          : words.store(formatWhole(rows), rows === 1)}
      </Button>
    </Group>
  );
}

function FileFailure({ error }: { error: unknown }) {
  if (error instanceof FileTooLargeError) return <Notice {...words.tooLarge} />;
  if (error instanceof UnreadableFileError) return <Notice {...words.unreadable} />;
  return <Failure error={error} />;
}

async function readFile(file: File): Promise<ChosenFile> {
  if (file.size > MOST_BYTES) throw new FileTooLargeError();
  const content = await file.arrayBuffer().catch(() => {
    throw new UnreadableFileError();
  });
  return { name: file.name, content: new Blob([content]) };
}
