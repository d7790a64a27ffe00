import { texts } from '../texts.ts';
import { clientOf } from './client.ts';
import { comparePaths, type Kind, nodesKey, pathOf } from './nodes.ts';
import { SearchSelect, type SearchSelectProps } from './search-select.tsx';
import { useOrganisation } from './session.ts';

interface NodeSelectProps extends SearchSelectProps {
  /** The kind of the nodes. */
  kind: Kind;
  /** A node that is no choice. */
  except?: string | undefined;
}

/** Chooses an active node of a kind, searched on the server by a part of its name. */
export function NodeSelect({ kind, except, ...props }: NodeSelectProps) {
  const { organisation } = useOrganisation();
  return (
    <SearchSelect
      {...props}
      queryKey={[...nodesKey(organisation), 'choices', kind, except]}
      read={async (page, options) => {
        const filter = { ...page, kind, status: 'active' };
        const { items, next } = await clientOf(organisation).manage.nodesPage(filter, options);
        return {
          items: items
            .filter(({ nodeId }) => nodeId !== except)
            .sort(comparePaths)
            .map((node) => ({ value: node.nodeId, label: texts.places.path(pathOf(node)) })),
          next,
        };
      }}
    />
  );
}
