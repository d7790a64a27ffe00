import type { Command } from 'commander';

/**
 * Makes errors of `command`, and of its subcommands, list the choices. commander does so for an invalid value, but not
 * for a missing one.
 */
export function listChoicesInErrors(command: Command): void {
  command.configureOutput({
    outputError: (text, write) => write(`${text.trimEnd()}${choicesFor(command, text)}\n`),
  });
  for (const below of command.commands) listChoicesInErrors(below);
}

/** The text to add to an error of commander; empty if the error is not about a choice. */
function choicesFor(command: Command, text: string): string {
  const [, flags] = /required option '(.+)' not specified/.exec(text) ?? [];
  const [, name] = /missing required argument '(.+)'/.exec(text) ?? [];
  const option = command.options.find((each) => each.flags === flags);
  const argument = command.registeredArguments.find((each) => each.name() === name);
  const isCommand = /unknown command/.test(text);
  const choices =
    option?.argChoices ??
    argument?.argChoices ??
    (isCommand ? command.commands.map((each) => each.name()) : []);
  return choices.length === 0 ? '' : `\nAllowed choices are ${choices.join(', ')}.`;
}
