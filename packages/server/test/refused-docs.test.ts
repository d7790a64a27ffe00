import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CAUSES, type EventCause, REFUSAL_CAUSES } from '../src/ingest/refusal-causes.ts';
import { RETRY_OBSTACLES } from '../src/store/events/refused-events.ts';

test('docs/refused-events.md has every cause with its code, and every obstacle', async () => {
  const text = await readFile(new URL('../../../docs/refused-events.md', import.meta.url), 'utf8');
  const [, causes = ''] = /<!-- causes -->\n(.*)<!-- \/causes -->/s.exec(text) ?? [];
  const shown = [...causes.matchAll(/^\| `(\w+)` \| (\d|–) \|/gm)].map(([, cause, code]) => [cause, code]);
  const codeOf = (cause: string) => String(REFUSAL_CAUSES[cause as EventCause] ?? '–');
  expect(shown).toEqual(CAUSES.map((cause) => [cause, codeOf(cause)]));
  const [, obstacles = ''] = /\| obstacle \|.*\n((?:\|.*\n)+)/.exec(text) ?? [];
  expect([...obstacles.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)).toEqual([...RETRY_OBSTACLES]);
});
