import { Anchor, Badge, Button, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { Link } from 'wouter';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { Icon } from '../frame/icon.tsx';
import { type Kind, pathOf, type TreeNode } from '../frame/nodes.ts';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { Assignment } from './assignment.tsx';
import { callsOf, KINDS } from './kinds.ts';
import { NodeForm } from './node-form.tsx';
import { OfficeSettings } from './office-settings.tsx';
import { Redating } from './redating.tsx';
import { nodeKey } from './tree-data.ts';

const { places } = texts;
const PARTS = ['place', 'settings'] as const;

interface DetailsProps {
  node: TreeNode;
  /** The part of an office that is open, as the address names it. */
  part: string | undefined;
  onPart: (part: string) => void;
  /** Asks for a new node of this kind in this one. */
  onAdd: (kind: Kind) => void;
}

/** What a node has, and its changes. */
export function Details({ node, part, onPart, onAdd }: DetailsProps) {
  const titleId = useId();
  const { role } = useOrganisation();
  const { kind, status, name } = node;
  const isOffice = kind === 'location';
  const shown = isOffice && part === 'settings' ? 'settings' : 'place';
  return (
    <section aria-labelledby={titleId} data-node={node.nodeId}>
      <Stack>
        <div>
          <Text size="sm" c="dimmed">
            {[places.kinds[kind], ...pathOf(node).slice(0, -1)].join(' · ')}
          </Text>
          <Group gap="xs">
            <Title order={2} id={titleId}>
              {name}
            </Title>
            {status === 'inactive' && <Badge variant="outline">{places.retired}</Badge>}
          </Group>
        </div>
        {isOffice && (
          <SegmentedControl
            aria-label={places.parts.label}
            value={shown}
            onChange={onPart}
            data={PARTS.map((value) => ({ value, label: places.parts[value] }))}
            className="views"
          />
        )}
        {shown === 'settings' ? <OfficeSettings locationId={node.nodeId} /> : <Place node={node} />}
        {role === 'administrator' && shown === 'place' && status === 'active' && (
          <Group>
            {KINDS[kind].holds.map((each) => (
              <Button
                key={each}
                size="xs"
                variant="default"
                leftSection={<Icon name="plus" />}
                onClick={() => onAdd(each)}
              >
                {places.add[each]}
              </Button>
            ))}
          </Group>
        )}
        <FloorLink node={node} />
        <Text size="xs" c="dimmed">
          {places.id(node.nodeId)}
        </Text>
      </Stack>
    </section>
  );
}

/** Leads to the plan of a level, and to where a place is on it. */
function FloorLink({ node: { nodeId, kind, levelId, status } }: { node: TreeNode }) {
  const { organisation } = useOrganisation();
  if (kind === 'location' || levelId === null || status === 'inactive') return null;
  const place = kind === 'level' ? '' : `&desk=${nodeId}`;
  return (
    <Anchor component={Link} href={`/${organisation}/floor?level=${levelId}${place}`} size="sm">
      {kind === 'level' ? places.floorPlan : places.onFloorPlan}
    </Anchor>
  );
}

function Place({ node }: { node: TreeNode }) {
  const { role } = useOrganisation();
  // A desk has the name of its owner.
  if (node.kind === 'place' && role === 'viewer') return <Text size="sm">{places.ownerHidden}</Text>;
  return <StoredPlace node={node} />;
}

function StoredPlace({ node }: { node: TreeNode }) {
  const { organisation, role } = useOrganisation();
  const { nodeId, kind } = node;
  const { data, error, refetch } = useQuery({
    queryKey: nodeKey(organisation, nodeId),
    queryFn: ({ signal }) => callsOf(clientOf(organisation).manage, kind).read(nodeId, { signal }),
    // A form shows what is stored now, and not what was stored a minute ago.
    staleTime: 0,
  });
  // A form that is there stays, with what was typed.
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <Stack>
      <NodeForm node={node} stored={data} mayEdit={role === 'administrator'} />
      {kind === 'location' && role === 'administrator' && <Redating locationId={nodeId} />}
      {kind === 'place' && <Assignment desk={data.row} version={data.version} />}
    </Stack>
  );
}
