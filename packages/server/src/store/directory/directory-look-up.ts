import { textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { type PreparedStatement, runStatement } from '../connections/pipeline.ts';
import type { CardHolder } from './access-credentials.ts';
import type { NodeInOffice } from './nodes.ts';
import type { FoldedIdentity, UserIdentity } from './users.ts';

/** What is looked up of a directory, nothing twice. Texts are ones that PostgreSQL can hold. */
export interface LookupKeys {
  /** GUIDs. */
  userIds: string[];
  /** E-mails or userNames, to be matched exactly. */
  names: string[];
  /** E-mails or userNames as `fold` makes them, to be matched without regard to case. */
  foldedNames: string[];
  /** UUIDs that stand for texts of cards. */
  cardDigests: string[];
  /** GUIDs. */
  nodeIds: string[];
}

/** What is there of it, in no order; users are active ones. */
export interface LookupRows {
  /** Who has one of the ids, one of the names, or one of the cards. */
  users: UserIdentity[];
  /** Who has one of the folded names. */
  folded: FoldedIdentity[];
  /** Whose active cards have one of the texts, as scan data or as their number; they may be inactive themselves. */
  holders: CardHolder[];
  /** The nodes that are active, as is everything above them. */
  nodes: NodeInOffice[];
}

/** Looks up all of it at once, where the transaction has entered the organisation; `readFound` reads the answer. */
export function directoryLookUp(tenantId: string, sought: Partial<LookupKeys>): PreparedStatement {
  const { userIds = [], names = [], foldedNames = [], cardDigests = [], nodeIds = [] } = sought;
  return {
    name: 'look up directory',
    text: 'SELECT look_up_directory($1, $2, $3, $4, $5, $6)::text',
    values: [
      tenantId,
      uuidArray(userIds),
      textArray(names),
      textArray(foldedNames),
      uuidArray(cardDigests),
      uuidArray(nodeIds),
    ],
  };
}

/** Throws where there is no answer: it must not pass for nobody being there. */
export function readFound(answer: string | undefined): LookupRows {
  if (answer === undefined) throw new Error('A look-up of the directory was not answered.');
  const found = JSON.parse(answer) as { [Part in keyof LookupRows]?: LookupRows[Part] | null };
  const { users, folded, holders, nodes } = found;
  return { users: users ?? [], folded: folded ?? [], holders: holders ?? [], nodes: nodes ?? [] };
}

/** As `directoryLookUp`, among the statements of a transaction. */
export async function lookUpDirectory(
  tx: Tx,
  tenantId: string,
  sought: Partial<LookupKeys>,
): Promise<LookupRows> {
  return readFound(await runStatement(tx, directoryLookUp(tenantId, sought)));
}
