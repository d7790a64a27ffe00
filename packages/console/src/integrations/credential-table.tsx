import { Switch, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { useParameters } from '../frame/address.ts';
import { formatInstant } from '../frame/format.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';

const { integrations } = texts;

/** What keys and SCIM tokens have in common. */
export interface Credential {
  name: string;
  state: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
}

/** Keys or tokens of a page. */
const PAGE = 100;

interface CredentialPage {
  /** Leaves out those that ended. */
  active?: true;
  after?: string;
  limit: number;
}

/** The page of the list that the address asks for, and a switch for those that ended. */
export function useCredentialPage(): [CredentialPage, ReactNode] {
  const [parameters, change] = useParameters();
  const isShown = parameters.get('ended') === 'show';
  const after = parameters.get('after');
  return [
    { limit: PAGE, ...(isShown ? {} : { active: true }), ...(after === null ? {} : { after }) },
    <Switch
      key="ended"
      label={integrations.showEnded}
      checked={isShown}
      onChange={({ currentTarget: { checked } }) =>
        change({ ended: checked ? 'show' : undefined, after: undefined })
      }
    />,
  ];
}

interface CredentialTableProps {
  label: string;
  columns: readonly string[];
  children: ReactNode;
}

/** A table that scrolls by itself, with the time zone of its times below. */
export function CredentialTable({ label, columns, children }: CredentialTableProps) {
  return (
    <>
      <ScrollTable label={label} columns={columns} withControls minWidth={760}>
        {children}
      </ScrollTable>
      <ZoneNote />
    </>
  );
}

/** State, last use and end of a key or a token. */
export function LifeCells({ credential }: { credential: Credential }) {
  const { state, lastUsedAt, expiresAt, revokedAt } = credential;
  const ended = revokedAt ?? expiresAt;
  return (
    <>
      <Table.Td>{integrations.states[state as keyof typeof integrations.states]}</Table.Td>
      <Table.Td>{lastUsedAt ? formatInstant(lastUsedAt) : integrations.never}</Table.Td>
      <Table.Td>{ended ? formatInstant(ended) : texts.none}</Table.Td>
    </>
  );
}
