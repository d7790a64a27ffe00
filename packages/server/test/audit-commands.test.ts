import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { AUDITED_COMMANDS, UNAUDITED_COMMANDS } from '../src/cli/audited-commands.ts';
import { COMMANDS } from '../src/cli/commands.ts';

/** The names of a command's own commands; without any, its own name. */
function namesOf(command: Command, names: readonly string[]): string[] {
  if (command.commands.length === 0) return [names.join(' ')];
  return command.commands.flatMap((each) => namesOf(each, [...names, each.name()]));
}

test('every command has an entry in the audit trail, or a reason why it has none', async () => {
  const commands: string[] = [];
  for (const [name, load] of Object.entries(COMMANDS)) commands.push(...namesOf(await load(), [name]));
  const known = [...Object.keys(AUDITED_COMMANDS), ...Object.keys(UNAUDITED_COMMANDS)];
  expect(known.toSorted()).toEqual(commands.toSorted());
});
