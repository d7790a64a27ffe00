import { Button } from '@mantine/core';
import type { ImportKind } from '@rollcall/sdk';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { useParameters } from '../address.ts';
import { queryClient, type Role, useOrganisation } from '../session.ts';
import { CsvImport } from './csv-import.tsx';

const { csvImport: words } = texts;

/** The import of a page: its button, and what the page shows while somebody imports. */
interface PageImport {
  /** Opens or leaves the import. Undefined if the role may import nothing here. */
  button: ReactNode;
  /** In place of the page's content. Undefined if nobody imports. */
  view: ReactNode;
}

/**
 * The import of CSV files on a page. The address has the kind of the file.
 *
 * @param kindsOf the kinds of files that each role may import there
 * @param back the text of the button that leaves the import
 */
export function useImport(
  kindsOf: Readonly<Partial<Record<Role, readonly ImportKind[]>>>,
  back: string,
): PageImport {
  const { organisation, role } = useOrganisation();
  const [parameters, change] = useParameters();
  const kinds = kindsOf[role] ?? [];
  const kind = kinds.find((each) => each === parameters.get('import'));
  if (!kind) {
    return {
      button: kinds.length > 0 && (
        <Button size="xs" variant="default" onClick={() => change({ import: kinds[0] })}>
          {words.open}
        </Button>
      ),
      view: undefined,
    };
  }
  return {
    button: (
      <Button size="xs" variant="default" onClick={() => change({ import: undefined })}>
        {back}
      </Button>
    ),
    view: (
      <CsvImport
        kinds={kinds}
        kind={kind}
        onKind={(chosen) => change({ import: chosen }, { replace: true })}
        onStored={() => void queryClient.invalidateQueries({ queryKey: [organisation] })}
      />
    ),
  };
}
