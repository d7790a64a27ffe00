import './style.css';
import { Button, Group, Stack, Text } from '@mantine/core';
import type { ImportKind, Rollcall } from '@rollcall/sdk';
import { useState } from 'react';
import { useParameters } from '../frame/address.ts';
import { useImport } from '../frame/csv-import/use-import.tsx';
import { DownloadMenu } from '../frame/download-menu.tsx';
import { Failure } from '../frame/failure.tsx';
import { Icon } from '../frame/icon.tsx';
import type { Kind, TreeNode } from '../frame/nodes.ts';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { type Role, seesPeople, useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { AddDialog } from './add.tsx';
import { Details } from './details.tsx';
import { Search } from './search.tsx';
import { Tree } from './tree.tsx';
import { useTree } from './tree-data.ts';

const { places } = texts;

/** The kinds of files that each role may import here. */
const FILES: Readonly<Partial<Record<Role, readonly ImportKind[]>>> = {
  administrator: ['locations', 'desks', 'spaces', 'desk-assignments', 'floor-positions'],
  planner: ['desk-assignments'],
};

/** The file of a choice. An import takes it. */
function fileOf(
  { analytics, manage }: Rollcall,
  kind: keyof typeof places.downloads,
  options: { timeoutMs: number },
): Promise<Blob> {
  const asBlob = async (text: Promise<string>) => new Blob([await text], { type: 'text/csv' });
  if (kind === 'floor-positions') return asBlob(manage.floorPlans.positionsFile({}, options));
  if (kind === 'desk-assignments') return asBlob(manage.deskAssignments.file({}, options));
  return analytics.file(kind, {}, 'csv', options);
}

/** The places of the organisation. The address names the open place, the search, or the file to import. */
export default function PlacesPage() {
  const { role } = useOrganisation();
  const { button, view } = useImport(FILES, places.backFromImport);
  const actions = (
    <Group gap="xs">
      {seesPeople(role) && (
        <DownloadMenu choices={places.downloads} ask={fileOf} nameOf={(kind) => `${kind}.csv`} />
      )}
      {button}
    </Group>
  );
  return (
    <Page title={places.title} actions={actions}>
      {view ?? <Places />}
    </Page>
  );
}

function Places() {
  const { role } = useOrganisation();
  const [parameters, change] = useParameters();
  const open = parameters.get('open') ?? undefined;
  const search = parameters.get('search') ?? '';
  const tree = useTree(open);
  const [adding, setAdding] = useState<{ kind: Kind; to: TreeNode | undefined }>();
  const found = open === undefined ? undefined : tree.find(open);
  // A node that has moved is loaded again. What is typed about it, and what has become of it, stay meanwhile.
  const [known, setKnown] = useState(found);
  if (found && found !== known) setKnown(found);
  const node = found ?? (known?.nodeId === open ? known : undefined);
  const mayEdit = role === 'administrator';
  const openNode = (nodeId: string) => change({ open: nodeId, part: undefined });
  if (tree.error) return <Failure error={tree.error} retry={tree.retry} />;
  if (!tree.isLoaded) return <Waiting />;
  const isEmpty = tree.rows.length === 0;
  return (
    <>
      {isEmpty && <Notice {...(mayEdit ? places.empty : places.emptyForReader)} />}
      <div className="places">
        <Stack gap="xs">
          {!isEmpty && (
            <Search
              text={search}
              onText={(text) => change({ search: text }, { replace: true })}
              onOpen={openNode}
            />
          )}
          {!isEmpty && search === '' && (
            <Tree rows={tree.rows} open={open} onOpen={openNode} onToggle={tree.toggle} />
          )}
          {mayEdit && (
            <Group>
              <Button
                size="xs"
                variant="default"
                leftSection={<Icon name="plus" />}
                onClick={() => setAdding({ kind: 'location', to: undefined })}
              >
                {places.add.location}
              </Button>
            </Group>
          )}
        </Stack>
        {node ? (
          <Details
            key={node.nodeId}
            node={node}
            part={parameters.get('part') ?? undefined}
            onPart={(part) => change({ part })}
            onAdd={(kind) => setAdding({ kind, to: node })}
          />
        ) : (
          !isEmpty && (
            <Text size="sm" c="dimmed">
              {places.nothingOpen}
            </Text>
          )
        )}
      </div>
      {adding && (
        <AddDialog
          {...adding}
          onClose={() => setAdding(undefined)}
          onAdded={(nodeId) => {
            setAdding(undefined);
            openNode(nodeId);
          }}
        />
      )}
    </>
  );
}
