// Writes docs/sdk.md from the docstrings of the public members. With --check, it fails if the page is stale. It always
// fails if a public member has no docstring. It expects formatted sources: two spaces before the members of a class.
import { readFile, writeFile } from 'node:fs/promises';

const target = new URL('../../../docs/sdk.md', import.meta.url);
const sourceOf = (name) => readFile(new URL(`../src/${name}.ts`, import.meta.url), 'utf8');

const SECTIONS = [
  { title: 'The client', files: ['index', 'options'] },
  { title: 'Submitting', files: ['submit', 'events'] },
  { title: 'Analytics', files: ['analytics', 'rows'] },
  {
    title: 'Management',
    files: [
      'manage',
      'manage-places',
      'manage-users',
      'manage-groups',
      'manage-days',
      'manage-floor-plans',
      'manage-imports',
      'manage-accounts',
      'manage-keys',
    ],
  },
  { title: 'Sessions', files: ['session'] },
  { title: 'Types of requests and answers', files: ['types'] },
  { title: 'Errors', files: ['errors'] },
];
/** Names that files export for other files of the package. The package does not export them. */
const INTERNAL = [
  'Settings',
  'Batching',
  'errorOf',
  'settingsOf',
  'submitAll',
  'resultsOf',
  'readRows',
  'rangedRows',
];

const DECLARATION =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\n)?^export (class|interface|type|function|async function\*?) (\w+)/gm;
const MEMBER =
  /(?: {2}\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\n)?^ {2}(?!#|\/|\*|\}|\)|override|constructor|private|return|throw)((?:readonly )?(?:async \*|async |get )?\[?\w[\w.]*\]?\??)(?=[(<:])([\s\S]*?)(?: \{$|;$)/gm;

function proseOf(comment) {
  const lines = (comment ?? '').split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim());
  const text = lines.join(' ').trim();
  return text
    .replaceAll(/ ?@param (\w+) /g, ' `$1`: ')
    .replaceAll(/\.? ?@throws (\w+) /g, '. Throws `$1` ')
    .replace(/^\. /, '');
}

function membersOf(body, where) {
  const found = [];
  for (const [, comment, name, rest] of body.matchAll(MEMBER)) {
    if (name === 'readonly detail' && where !== 'RollcallError') continue;
    const plain = name.replace(/^readonly |^async \*|^async |^get /, '');
    const prose = proseOf(comment);
    if (!prose && plain !== 'then') throw new Error(`${where}.${plain} has no docstring.`);
    const signature = `${plain}${name.startsWith('get ') ? rest.replace('()', '') : rest}`
      .replaceAll(/\s*\/\/[^\n]*/g, '')
      .replaceAll(/\s+/g, ' ');
    const tidy = signature
      .replaceAll('( ', '(')
      .replaceAll(', )', ')')
      .replaceAll('< ', '<')
      .replaceAll(' >', '>');
    found.push(`- \`${tidy}\`${prose ? `  \n  ${prose}` : ''}\n`);
  }
  return found.join('');
}

let page = '# The SDK, member by member\n\n';
page +=
  '`npm run sdk:docs` writes this page from the docstrings of `packages/sdk`: do not edit it. The\n' +
  '[README of the SDK](../packages/sdk/README.md) explains how to use it.\n';
for (const { title, files } of SECTIONS) {
  page += `\n## ${title}\n`;
  for (const file of files) {
    for (const [, comment, kind, name] of (await sourceOf(file)).matchAll(DECLARATION)) {
      if (INTERNAL.includes(name) || kind.includes('function')) continue;
      const prose = proseOf(comment);
      if (!prose) throw new Error(`${name} has no docstring.`);
      page += `\n### ${name}\n${prose ? `\n${prose}\n` : ''}`;
      const whole = kind === 'type' ? '' : bodyOf(await sourceOf(file), kind, name);
      const members = membersOf(whole, name);
      if (members) page += `\n${members}`;
    }
  }
}

/** The lines after a declaration, up to the closing bracket. */
function bodyOf(text, kind, name) {
  const start = text.search(new RegExp(`^export ${kind} ${name}\\b`, 'm'));
  const first = text.indexOf('\n', text.indexOf('{', start));
  return text.slice(first + 1, text.indexOf('\n}\n', start) + 1);
}

if (!process.argv.includes('--check')) {
  await writeFile(target, page);
} else if (page !== (await readFile(target, 'utf8').catch(() => ''))) {
  console.error('docs/sdk.md is stale. Run: npm run sdk:docs');
  process.exit(1);
}
