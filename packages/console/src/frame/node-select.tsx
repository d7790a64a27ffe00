import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { texts } from '../texts.ts';
import { clientOf } from './client.ts';
import { comparePaths, type Kind, nodesKey, pathOf, type TreeNode } from './nodes.ts';
import { useOrganisation } from './session.ts';

const { nodeSelect } = texts;
const MOST_CHOICES = 100;
const PAUSE_MS = 200;

interface NodeSelectProps {
  /** The kind of the nodes. */
  kind: Kind;
  label: string;
  /** A node that is no choice. */
  except?: string | undefined;
  /** The node that is chosen now, in words. Empty by default. */
  shown?: string | undefined;
  onChoose: (nodeId: string) => void;
}

/** Chooses an active node of a kind, searched on the server by a part of its name. */
export function NodeSelect({ kind, label, except, shown = '', onChoose }: NodeSelectProps) {
  const { organisation } = useOrganisation();
  const [text, setText] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const [search] = useDebouncedValue(text.trim(), PAUSE_MS);
  const { data = [], isFetching } = useQuery({
    queryKey: [...nodesKey(organisation), 'choices', kind, search],
    queryFn: ({ signal }) => findNodes(organisation, kind, search, signal),
    enabled: isOpen,
    placeholderData: keepPreviousData,
  });
  return (
    <Select
      label={label}
      placeholder={nodeSelect.hint}
      searchable
      maxLength={100}
      // The server has searched already.
      filter={({ options }) => options}
      nothingFoundMessage={isFetching ? texts.shell.loading : nodeSelect.nothing}
      value={null}
      searchValue={isOpen ? text : shown}
      onSearchChange={setText}
      onDropdownOpen={() => {
        setText('');
        setIsOpen(true);
      }}
      onDropdownClose={() => setIsOpen(false)}
      onChange={(nodeId) => {
        setText('');
        if (nodeId) onChoose(nodeId);
      }}
      data={data
        .filter(({ nodeId }) => nodeId !== except)
        .map((node) => ({ value: node.nodeId, label: texts.places.path(pathOf(node)) }))}
    />
  );
}

async function findNodes(
  organisation: string,
  kind: Kind,
  search: string,
  signal: AbortSignal,
): Promise<TreeNode[]> {
  const filter = { kind, status: 'active', limit: MOST_CHOICES, ...(search ? { search } : {}) };
  const { items } = await clientOf(organisation).manage.nodesPage(filter, { signal });
  return items.sort(comparePaths);
}
