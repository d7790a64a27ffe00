import type { CredentialPage } from '../store/auth/credentials.ts';

const PAGE = 1_000;

/** Reads a list of keys or tokens page by page. */
export async function allOf<Row extends { createdAt: Date }>(
  read: (page: CredentialPage) => Promise<Row[]>,
  { idOf }: { idOf: (row: Row) => string },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: CredentialPage['after']; ; ) {
    const page = await read({ after, limit: PAGE });
    rows.push(...page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return rows;
    after = { at: last.createdAt, id: idOf(last) };
  }
}
