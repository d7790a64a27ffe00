import { Alert, Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { type Kind, nodesKey, type TreeNode } from '../frame/nodes.ts';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { callsOf, KINDS } from './kinds.ts';

const { places } = texts;
const { add: words } = places;

interface AddDialogProps {
  kind: Kind;
  /** The node that the new ones are in; undefined for an office. */
  to: TreeNode | undefined;
  onClose: () => void;
  /** Called with the first new node, if all are new. */
  onAdded: (nodeId: string) => void;
}

/** Adds nodes by their names. It never changes one that exists. */
export function AddDialog({ kind, to, onClose, onAdded }: AddDialogProps) {
  const { organisation, timeZone: usualZone } = useOrganisation();
  const [text, setText] = useState('');
  const [timeZone, setTimeZone] = useState(usualZone);
  const { nameMember, parent } = KINDS[kind];
  const names = [...new Set(text.split('\n').map((each) => each.trim()))].filter((each) => each !== '');
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async () => {
      const items = names.map((name) => ({
        [nameMember]: name,
        ...(parent && to ? { [parent.member]: to.nodeId } : { timeZone }),
      }));
      const { results } = await callsOf(clientOf(organisation).manage, kind).submit(items);
      return results.map((result, index) => ({ ...result, name: names[index] ?? '' }));
    },
    onSuccess: async (results) => {
      await queryClient.invalidateQueries({ queryKey: nodesKey(organisation) });
      const [first] = results;
      if (first?.id && results.every(({ result }) => result === 'created')) onAdded(first.id);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (names.length > 0) mutate();
  };
  const isMany = kind === 'place' || kind === 'space' || kind === 'zone';
  const existing = (data ?? []).filter(({ result }) => result === 'unchanged' || result === 'updated');
  const refused = (data ?? []).filter(({ result }) => result === 'refused');
  const title = to ? words.title(words[kind], to.name) : words[kind];
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': words.cancel }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {isMany ? (
            <Textarea
              label={words.names}
              rows={6}
              data-autofocus
              value={text}
              onChange={({ currentTarget: { value } }) => setText(value)}
            />
          ) : (
            <TextInput
              label={words.name}
              data-autofocus
              value={text}
              onChange={({ currentTarget: { value } }) => setText(value)}
            />
          )}
          {kind === 'location' && (
            <TextInput
              label={places.fields.timeZone}
              description={places.hints.timeZone}
              value={timeZone}
              onChange={({ currentTarget: { value } }) => setTimeZone(value)}
            />
          )}
          {Boolean(error) && <Failure error={error} />}
          {(existing.length > 0 || refused.length > 0) && (
            <Alert role="alert" color="red" variant="outline" p="xs">
              {existing.length > 0 && (
                <Text size="sm">{words.existing(existing.map(({ name }) => name).join(', '))}</Text>
              )}
              {refused.map(({ name, message }) => (
                <Text key={name} size="sm">
                  {words.refused(name, message)}
                </Text>
              ))}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.cancel}
            </Button>
            <Button type="submit" loading={isPending} disabled={names.length === 0}>
              {words.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
