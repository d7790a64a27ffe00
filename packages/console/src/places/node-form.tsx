import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Conflict } from '../frame/conflict.tsx';
import { Failure } from '../frame/failure.tsx';
import { useTyped } from '../frame/kept.ts';
import { NodeSelect } from '../frame/node-select.tsx';
import { nodesKey, type TreeNode } from '../frame/nodes.ts';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { isOutdated, type Row, textOf } from '../frame/versions.ts';
import { texts } from '../texts.ts';
import { ChangeDialog, type LargeChange } from './change-dialog.tsx';
import { callsOf, type Field, fieldLabel, KINDS } from './kinds.ts';
import { nodeKey } from './tree-data.ts';

const { places } = texts;

interface Stored {
  row: Row;
  version: string;
}

/** What a person has typed, and the row that it is a change of. */
interface Editing {
  base: Stored;
  typed: Readonly<Record<string, string>>;
}

interface NodeFormProps {
  node: TreeNode;
  stored: Stored;
  mayEdit: boolean;
}

/** The values of a node. What somebody else stores meanwhile is shown beside what was typed, and overwrites nothing. */
export function NodeForm({ node, stored, mayEdit }: NodeFormProps) {
  const { nodeId, kind, name } = node;
  const { organisation } = useOrganisation();
  const { fields, parent } = KINDS[kind];
  const [editing, setEditing] = useTyped<Editing>(`node ${nodeId}`);
  const [large, setLarge] = useState<LargeChange>();
  const [done, setDone] = useState<string>();
  const base = editing?.base ?? stored;
  const typed = editing?.typed ?? {};
  const shownText = (member: string) => typed[member] ?? textOf(base.row, member);
  const type = (member: string, text: string) => {
    setDone(undefined);
    setEditing({ base, typed: { ...typed, [member]: text } });
  };
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: ({ change }: { change: Row; done: string }) =>
      callsOf(clientOf(organisation).manage, kind).update(nodeId, change, { ifVersion: base.version }),
    onSuccess: async (_, { change, done: message }) => {
      await refresh(organisation, nodeId);
      const now = queryClient.getQueryData<Stored>(nodeKey(organisation, nodeId));
      setEditing(now && unsaved(now, typed, change));
      setLarge(undefined);
      setDone(message);
    },
    onError: async (failure) => {
      if (isOutdated(failure)) {
        setLarge(undefined);
        await refresh(organisation, nodeId);
      }
    },
  });
  // While a change is sent, the newer version may be one's own.
  const differs = !isPending && base.version !== stored.version;
  const changed = fields.filter((field) => shownText(field.name) !== textOf(base.row, field.name));
  const faults = new Map(fields.flatMap((field) => faultOf(field, shownText(field.name))));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed.length === 0 || faults.size > 0 || differs) return;
    mutate({ change: changeOf(changed, shownText), done: places.saved });
  };
  const ask = (what: LargeChange) => {
    reset();
    setDone(undefined);
    setLarge(what);
  };
  const isActive = stored.row.status === 'active';
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {fields.map(({ name: member, mayBeEmpty }) => (
          <TextInput
            key={member}
            label={fieldLabel(member)}
            description={hintOf(member)}
            required={!mayBeEmpty}
            withAsterisk={false}
            readOnly={!mayEdit}
            value={shownText(member)}
            error={typed[member] === undefined ? undefined : faults.get(member)}
            onChange={({ currentTarget: { value } }) => type(member, value)}
          />
        ))}
        {!mayEdit && (
          <Text size="sm" c="dimmed">
            {places.readOnly}
          </Text>
        )}
        {differs && (
          <Conflict
            title={places.conflict.title}
            members={[...fields.map(({ name: member }) => member), 'status']}
            labelOf={fieldLabel}
            wordsFor={(member, text) => (member === 'status' ? stateWord(text) : text)}
            before={base.row}
            now={stored.row}
            typed={typed}
            onKeep={() => {
              reset();
              setEditing({ base: stored, typed });
            }}
            onTake={() => {
              reset();
              setEditing(undefined);
            }}
          />
        )}
        {error && !large && !(differs && isOutdated(error)) && <Failure error={error} />}
        {done && (
          <Alert role="status" variant="outline" color="green" p="xs">
            {done}
          </Alert>
        )}
        {mayEdit && (
          <Group>
            <Button
              type="submit"
              loading={isPending && !large}
              disabled={changed.length === 0 || faults.size > 0 || differs}
            >
              {places.save}
            </Button>
            {editing && (
              <Button variant="default" onClick={() => setEditing(undefined)}>
                {places.reset}
              </Button>
            )}
            {isActive ? (
              <Button
                variant="default"
                onClick={() => ask({ what: 'retire', change: { status: 'inactive' } })}
              >
                {places.retire}
              </Button>
            ) : (
              <Button
                variant="default"
                onClick={() => mutate({ change: { status: 'active' }, done: places.done.activate })}
              >
                {places.activate}
              </Button>
            )}
          </Group>
        )}
        {mayEdit && parent && isActive && (
          <NodeSelect
            kind={parent.kind}
            label={places.move[parent.kind]}
            except={textOf(stored.row, parent.member)}
            onChoose={(parentId) => ask({ what: 'move', change: { [parent.member]: parentId } })}
          />
        )}
      </Stack>
      {large && (
        <ChangeDialog
          node={{ nodeId, kind, name }}
          large={large}
          isPending={isPending}
          error={error}
          onClose={() => setLarge(undefined)}
          onConfirm={() => mutate({ change: large.change, done: places.done[large.what] })}
        />
      )}
    </form>
  );
}

/** What was typed and not sent, over the present row. Undefined if nothing is left. */
function unsaved(now: Stored, typed: Editing['typed'], sent: Row): Editing | undefined {
  const left = Object.entries(typed).filter(
    ([member, text]) => !(member in sent) && text !== textOf(now.row, member),
  );
  return left.length > 0 ? { base: now, typed: Object.fromEntries(left) } : undefined;
}

async function refresh(organisation: string, nodeId: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: nodeKey(organisation, nodeId) }),
    queryClient.invalidateQueries({ queryKey: nodesKey(organisation) }),
  ]);
}

function faultOf({ name, isNumber, mayBeEmpty }: Field, text: string): [string, string][] {
  if (text.trim() === '') return mayBeEmpty ? [] : [[name, places.needed]];
  return isNumber && !/^\d{1,9}$/.test(text.trim()) ? [[name, places.wholeNumber]] : [];
}

function changeOf(fields: readonly Field[], textIn: (member: string) => string): Row {
  return Object.fromEntries(
    fields.map(({ name, isNumber }) => {
      const text = textIn(name).trim();
      return [name, text === '' ? null : isNumber ? Number(text) : text];
    }),
  );
}

function stateWord(status: string): string {
  return status === 'inactive' ? places.states.inactive : places.states.active;
}

function hintOf(member: string): string | undefined {
  return (places.hints as Readonly<Record<string, string>>)[member];
}
