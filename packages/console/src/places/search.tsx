import { Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatWhole } from '../frame/format.ts';
import { comparePaths, nodesKey, pathOf, type TreeNode } from '../frame/nodes.ts';
import { Notice } from '../frame/notice.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';

const { places } = texts;
const MOST_RESULTS = 100;
const PAUSE_MS = 200;

interface SearchProps {
  text: string;
  onText: (text: string) => void;
  onOpen: (nodeId: string) => void;
}

/** Finds places of all kinds by a part of their name, on the server. */
export function Search({ text, onText, onOpen }: SearchProps) {
  const [wanted] = useDebouncedValue(text.trim(), PAUSE_MS);
  const { organisation } = useOrganisation();
  const { data, error, refetch } = useQuery({
    queryKey: [...nodesKey(organisation), 'search', wanted],
    queryFn: ({ signal }) => find(organisation, wanted, signal),
    enabled: wanted !== '' && text !== '',
    placeholderData: keepPreviousData,
  });
  return (
    <search>
      <Stack gap="xs">
        <TextInput
          label={places.search}
          placeholder={places.searchHint}
          maxLength={100}
          value={text}
          onChange={({ currentTarget: { value } }) => onText(value)}
        />
        {text !== '' &&
          (error ? (
            <Failure error={error} retry={() => void refetch()} />
          ) : !data ? (
            <Waiting />
          ) : (
            <Results nodes={data} onOpen={onOpen} />
          ))}
      </Stack>
    </search>
  );
}

function Results({ nodes, onOpen }: { nodes: readonly TreeNode[]; onOpen: (nodeId: string) => void }) {
  if (nodes.length === 0) return <Notice {...places.noResults} />;
  const shown = formatWhole(nodes.length);
  return (
    <>
      <Text size="sm" role="status">
        {nodes.length === MOST_RESULTS ? places.firstResults(shown) : places.results(shown)}
      </Text>
      <ul className="found">
        {nodes.map((node) => (
          <li key={node.nodeId}>
            <UnstyledButton className="found-place" onClick={() => onOpen(node.nodeId)}>
              {places.path(pathOf(node))}
              <Text span size="xs" c="dimmed">
                {[places.kinds[node.kind], ...(node.status === 'inactive' ? [places.retired] : [])].join(
                  ' · ',
                )}
              </Text>
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </>
  );
}

async function find(organisation: string, search: string, signal: AbortSignal): Promise<TreeNode[]> {
  const filter = { search, limit: MOST_RESULTS };
  const { items } = await clientOf(organisation).manage.nodesPage(filter, { signal });
  return items.sort(comparePaths);
}
