import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const SOURCES = new URL('../src/', import.meta.url);
/** What all pages share, and the texts. Every other folder is a page. */
const SHARED = ['frame', 'texts'];

/** The folders below `src`, with each file in them and the folders that it imports from. */
function importsByFolder(): { folder: string; file: string; from: string[] }[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  );
  return files.flatMap((file) => {
    const folder = file.includes('/') ? (file.split('/')[0] ?? '') : '';
    if (folder === '') return [];
    const text = readFileSync(new URL(file, SOURCES), 'utf8');
    const from = [...text.matchAll(/(?:from|import|import\() ?'(\.[^']*)'/g)].map(([, path = '']) =>
      new URL(path, new URL(file, SOURCES)).href.replace(SOURCES.href, ''),
    );
    return [
      {
        folder,
        file,
        from: from.filter((path) => path.includes('/')).map((path) => path.split('/')[0] ?? ''),
      },
    ];
  });
}

test('each folder is a page or what pages share, and no page imports from another page', () => {
  const all = importsByFolder();
  const folders = [...new Set(all.map(({ folder }) => folder))];
  expect(folders).toEqual(expect.arrayContaining(SHARED));
  const pages = folders.filter((folder) => !SHARED.includes(folder));
  const routes = readFileSync(new URL('routes.tsx', SOURCES), 'utf8');
  expect(pages.filter((page) => !routes.includes(`import('./${page}/page.tsx')`))).toEqual([]);
  const faults = all.flatMap(({ folder, file, from }) =>
    from
      .filter((other) => other !== folder && !(SHARED.includes(other) && folder !== 'texts'))
      .map((other) => `${file} imports from ${other}`),
  );
  expect(faults).toEqual([]);
});
