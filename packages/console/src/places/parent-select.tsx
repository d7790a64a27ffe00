import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { nodesKey } from '../frame/nodes.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { comparePaths, type Parent, pathOf, type TreeNode } from './kinds.ts';

const { places } = texts;
const MOST_CHOICES = 100;
const PAUSE_MS = 200;

interface ParentSelectProps {
  /** The kind of the parent. */
  kind: Parent['kind'];
  /** The present parent, which is no choice. */
  current: string;
  onChoose: (parentId: string) => void;
}

/** Chooses another parent, searched on the server by a part of its name. */
export function ParentSelect({ kind, current, onChoose }: ParentSelectProps) {
  const { organisation } = useOrganisation();
  const [text, setText] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const [search] = useDebouncedValue(text.trim(), PAUSE_MS);
  const { data = [], isFetching } = useQuery({
    queryKey: [...nodesKey(organisation), 'parents', kind, search],
    queryFn: ({ signal }) => findParents(organisation, kind, search, signal),
    enabled: isOpen,
    placeholderData: keepPreviousData,
  });
  return (
    <Select
      label={places.move[kind]}
      placeholder={places.findParent}
      searchable
      maxLength={100}
      // The server has searched already.
      filter={({ options }) => options}
      nothingFoundMessage={isFetching ? texts.shell.loading : places.noResults.title}
      value={null}
      searchValue={text}
      onSearchChange={setText}
      onDropdownOpen={() => setIsOpen(true)}
      onDropdownClose={() => setIsOpen(false)}
      onChange={(parentId) => {
        setText('');
        if (parentId) onChoose(parentId);
      }}
      data={data
        .filter(({ nodeId }) => nodeId !== current)
        .map((node) => ({ value: node.nodeId, label: places.path(pathOf(node)) }))}
    />
  );
}

async function findParents(
  organisation: string,
  kind: Parent['kind'],
  search: string,
  signal: AbortSignal,
): Promise<TreeNode[]> {
  const filter = { kind, status: 'active', limit: MOST_CHOICES, ...(search ? { search } : {}) };
  const { items } = await clientOf(organisation).manage.nodesPage(filter, { signal });
  return items.sort(comparePaths);
}
