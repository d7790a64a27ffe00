import { Combobox, Modal, Text, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { texts } from '../texts.ts';
import { clientOf } from './client.ts';
import { Failure } from './failure.tsx';
import { firstWords } from './found.ts';
import { nameOf } from './names.ts';
import { compareNames, nodesKey } from './nodes.ts';
import { useOrganisation } from './session.ts';
import type { FurtherPage } from './shell.tsx';

const { commandBar } = texts;
const TYPING_MS = 150;
/** One letter would find almost everybody. */
const LEAST_LETTERS = 2;
const MOST_OF_A_KIND = 8;
/** The first ones by name of so many are shown. */
const OFFICES_READ = 100;

/** A place to go to. */
interface Target {
  label: string;
  hint?: string;
  /** An address below the organisation. */
  address: string;
}

interface TargetGroup {
  title: string;
  targets: readonly Target[];
}

interface CommandBarProps {
  pages: readonly FurtherPage[];
  opened: boolean;
  close: () => void;
}

/** Leads to any page, office, place or person by a part of the name. */
export default function CommandBar({ pages, opened, close }: CommandBarProps) {
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={commandBar.title}
      closeButtonProps={{ 'aria-label': commandBar.close }}
    >
      <Search pages={pages} close={close} />
    </Modal>
  );
}

function Search({ pages, close }: Omit<CommandBarProps, 'opened'>) {
  const { organisation } = useOrganisation();
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState('');
  const combobox = useCombobox({ opened: true });
  const { groups, error, isSearching } = useTargets(pages, typed.trim());
  const first = groups[0]?.targets[0]?.address;
  // biome-ignore lint/correctness/useExhaustiveDependencies: other targets begin with another first one.
  useEffect(() => void combobox.selectFirstOption(), [typed, first]);
  const go = (address: string) => {
    close();
    navigate(`/${organisation}/${address}`);
  };
  return (
    <>
      <Combobox store={combobox} onOptionSubmit={go}>
        <Combobox.EventsTarget>
          <TextInput
            data-autofocus
            aria-label={commandBar.label}
            placeholder={commandBar.placeholder}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
            // The combobox keeps Escape from the dialog, to close its list; this list stays open.
            onKeyDown={({ key }) => key === 'Escape' && close()}
          />
        </Combobox.EventsTarget>
        <Combobox.Options mt="xs" mah="60vh" style={{ overflowY: 'auto' }} aria-label={commandBar.title}>
          {groups.map(({ title, targets }) => (
            <Combobox.Group key={title} label={title}>
              {targets.map(({ label, hint, address }) => (
                <Combobox.Option key={address} value={address}>
                  {label}
                  {hint && (
                    <>
                      {' '}
                      <Text span size="sm" c="dimmed" ml="sm">
                        {hint}
                      </Text>
                    </>
                  )}
                </Combobox.Option>
              ))}
            </Combobox.Group>
          ))}
        </Combobox.Options>
      </Combobox>
      {error && <Failure error={error} />}
      {groups.length === 0 && !error && (
        <Text size="sm" role="status" p="xs">
          {isSearching ? texts.shell.loading : commandBar.nothing}
        </Text>
      )}
    </>
  );
}

/** What has `typed` in its name, by kind. The server searches offices, and people and places where the pages of the person include them. */
function useTargets(pages: readonly FurtherPage[], typed: string) {
  const { organisation } = useOrganisation();
  const { manage } = clientOf(organisation);
  const [settled] = useDebouncedValue(typed, TYPING_MS);
  const search = firstWords(settled);
  const offices = useQuery({
    queryKey: [...nodesKey(organisation), 'command bar', 'offices', search],
    queryFn: async ({ signal }) => {
      const filter = { search, kind: 'location', status: 'active', limit: OFFICES_READ };
      const { items } = await manage.nodesPage(filter, { signal });
      return items
        .sort((a, b) => compareNames(a.name, b.name))
        .slice(0, MOST_OF_A_KIND)
        .map(({ nodeId, name }): Target => ({ label: name, address: `today?office=${nodeId}` }));
    },
    enabled: search !== '',
  });
  const people = useQuery({
    queryKey: [organisation, 'command bar', 'people', search],
    queryFn: async ({ signal }) =>
      (await manage.users.page({ search, limit: MOST_OF_A_KIND }, { signal })).items.map(
        (user): Target => ({
          label: nameOf(user),
          hint: user.email ?? user.userName,
          address: `people/${user.userId}`,
        }),
      ),
    enabled: search.length >= LEAST_LETTERS && pages.some(({ path }) => path === 'people'),
  });
  const places = useQuery({
    queryKey: [...nodesKey(organisation), 'command bar', search],
    queryFn: async ({ signal }) =>
      (await manage.nodesPage({ search, status: 'active', limit: MOST_OF_A_KIND }, { signal })).items.map(
        ({ nodeId, name, locationName, levelName, zoneName }): Target => ({
          label: name,
          hint: [locationName, levelName, zoneName].filter((each) => each && each !== name).join(' › '),
          address: `places?open=${nodeId}`,
        }),
      ),
    enabled: search.length >= LEAST_LETTERS && pages.some(({ path }) => path === 'places'),
  });
  // Enter must not lead to what was found for other letters.
  const found = (targets: readonly Target[] = [], isNext = true) =>
    settled === typed && isNext ? targets : [];
  // Nor may it lead to what another list then stands above.
  const hasOffices = !offices.isFetching;
  const hasPlaces = hasOffices && !places.isFetching;
  const matches = ({ label }: Target) => label.toLowerCase().includes(typed.toLowerCase());
  const groups: TargetGroup[] = [
    {
      title: commandBar.pages,
      targets: pages.map(({ title, path }) => ({ label: title, address: path })).filter(matches),
    },
    { title: commandBar.offices, targets: found(offices.data) },
    { title: commandBar.places, targets: found(places.data, hasOffices) },
    { title: commandBar.people, targets: found(people.data, hasPlaces) },
  ];
  return {
    groups: groups.filter(({ targets }) => targets.length > 0),
    error: offices.error ?? people.error ?? places.error,
    isSearching: offices.isFetching || people.isFetching || places.isFetching || settled !== typed,
  };
}
