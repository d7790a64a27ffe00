import { Button, Collapse, Group, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ImportKind, Listing } from '@rollcall/sdk';
import { useQuery } from '@tanstack/react-query';
import { texts } from '../../texts.ts';
import { clientOf } from '../client.ts';
import { Icon } from '../icon.tsx';
import { saveFile } from '../save-file.ts';
import { ScrollTable } from '../scroll-table.tsx';
import { useOrganisation } from '../session.ts';

const { csvImport: words } = texts;

type KindOfFile = Listing<'GET /v1/manage/imports'>;

/** The columns of a kind of file, and a template. */
export function Columns({ kind }: { kind: ImportKind }) {
  const [isOpen, { toggle }] = useDisclosure();
  const { organisation } = useOrganisation();
  const { data } = useQuery({
    queryKey: [organisation, 'kinds of files'],
    queryFn: ({ signal }) => clientOf(organisation).manage.imports.kinds({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const file = data?.find((each) => each.kind === kind);
  if (!file) return null;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Button variant="subtle" size="compact-sm" aria-expanded={isOpen} onClick={toggle}>
          {words.columns}
        </Button>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<Icon name="download" />}
          onClick={() => saveFile(new Blob([file.template], { type: 'text/csv' }), `${kind}.csv`)}
        >
          {words.template}
        </Button>
      </Group>
      <Collapse in={isOpen}>{isOpen && <ColumnTable file={file} />}</Collapse>
    </Stack>
  );
}

function ColumnTable({ file: { columns, oneOf } }: { file: KindOfFile }) {
  return (
    <ScrollTable label={words.columns} columns={words.columnsTable} maxHeight={280}>
      {columns.map(({ name, required, description, example }) => {
        const group = oneOf.find((names) => names.includes(name));
        return (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td>
              {required ? words.required : group ? words.oneOf(group.join(', ')) : words.optional}
            </Table.Td>
            <Table.Td>
              <Text size="sm">{description}</Text>
            </Table.Td>
            <Table.Td>{example}</Table.Td>
          </Table.Tr>
        );
      })}
    </ScrollTable>
  );
}
