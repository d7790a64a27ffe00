import { Command, InvalidArgumentError } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { whole } from '../config-values.ts';
import type { KnownBatch, Verification } from '../privacy/verify-audit.ts';
import { listOrganisations } from '../store/directory/organisations.ts';
import { getOrganisation, withContext } from './context.ts';
import { CliError } from './errors.ts';
import { parsing, toOptions } from './options.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';
import { TailState } from './tail-state.ts';
import { parsePast } from './time.ts';

interface Common extends DataConfig {
  org?: string;
}

const SESSION = 'rollcall audit';
const MOST_MONTHS = 120;
/** Faults that are printed. A chain that somebody broke at its start has one for each batch. */
const MOST_FAULTS = 100;

/** `rollcall audit verify|tail|keep`. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('the audit trail: who did and read what');
  for (const command of [verifyCommand(), tailCommand(), keepCommand()]) {
    command.option('--org <slug>', 'the organisation; required if there are several');
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    audit.addCommand(command);
  }
  return audit;
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('check that nobody has changed, deleted or slipped in an entry; exit code 1 if somebody has')
    .option('--head <number:hash>', 'a batch that an earlier run or the log of the server showed', parseHead)
    .option('--json', 'print JSON')
    .action(async ({ head: known, json, ...options }: Common & { head?: KnownBatch; json?: true }) => {
      const result = await withContext(options, SESSION, async ({ owner, masterKey: sealer }) => {
        const { tenantId } = await getOrganisation(owner, options.org);
        const { verifyAudit } = await import('../privacy/verify-audit.ts');
        const progress = showProgress('Checking', 'entries');
        try {
          const onProgress = (entries: number) => progress.update(entries, undefined);
          return await verifyAudit(owner, tenantId, { sealer, known, onProgress });
        } finally {
          progress.stop();
        }
      });
      print(json ? JSON.stringify(result) : formatVerification(result));
      if (result.faults.length > 0) process.exitCode = 1;
    });
}

function formatVerification({
  faults,
  batches,
  prunedBatches,
  entries,
  waiting,
  head,
}: Verification): string {
  const counts = `${entries} entries in ${batches} batches, of which ${prunedBatches} are pruned; ${waiting} entries wait for their batch.`;
  const last = head ? [`The last batch is ${head.number}:${head.hash}`] : [];
  if (faults.length === 0) return [`The chain is whole: ${counts}`, ...last].join('\n');
  const more = faults.length - MOST_FAULTS;
  return [
    `The chain is broken: ${counts}`,
    ...faults.slice(0, MOST_FAULTS),
    ...(more > 0 ? [`There are ${more} further faults.`] : []),
    ...last,
  ].join('\n');
}

function tailCommand(): Command {
  return new Command('tail')
    .description('print entries as NDJSON, the oldest first, and go on as they come, until Ctrl-C')
    .option(
      '--since <time>',
      'begin with entries of then, as for "events list"; by default with all',
      parsePast,
    )
    .option('--state <file>', 'go on after the entries that the last run with this file printed')
    .option('--once', 'end after the entries that are there now')
    .option('--all-organisations', 'print the entries of all organisations; each line names its organisation')
    .option('--out <file>', 'add the entries to this file instead; only its user can read it')
    .option(
      '--out-mib <MiB>',
      'with this size the file gets the name <file>.1, as a log file',
      parsing(whole(1, 100_000)),
      100,
    )
    .option('--out-files-kept <count>', 'files kept besides the current one', parsing(whole(1, 1_000)), 10)
    .action(tailEntries);
}

interface TailOptions extends Common {
  since?: Date;
  state?: string;
  once?: true;
  allOrganisations?: true;
  out?: string;
  outMib: number;
  outFilesKept: number;
}

async function tailEntries(options: TailOptions): Promise<void> {
  const { since, state, once, org, out, allOrganisations: isOfAll = false } = options;
  if (since && state !== undefined)
    throw new CliError('Give --since or --state: the state says where to begin.');
  if (isOfAll && org !== undefined) throw new CliError('Give --org or --all-organisations, not both.');
  const { tailAudit } = await import('./audit-tail.ts');
  const { toFile, toStandardOutput } = await import('./tail-output.ts');
  const file = { mostBytes: options.outMib * 1024 * 1024, kept: options.outFilesKept };
  await withContext(options, SESSION, async ({ owner }) => {
    const one = isOfAll ? undefined : await getOrganisation(owner, org);
    await tailAudit(owner, {
      organisations: async () =>
        one ? [{ tenantId: one.tenantId }] : await owner.inSystem(listOrganisations),
      write: out === undefined ? toStandardOutput : toFile({ path: out, ...file }),
      state: new TailState(state),
      since,
      once,
    });
  });
}

function keepCommand(): Command {
  return new Command('keep')
    .description(
      'set for how many months the entries of an organisation are kept; first counts what that would delete',
    )
    .argument('<months>', `1 to ${MOST_MONTHS}; 13 by default`, parseMonths)
    .option('--yes', 'change it although entries would be deleted')
    .action(async (months: number, options: Common & { yes?: true }) => {
      const { slug, entries, isSet } = await withContext(options, SESSION, async ({ owner }) => {
        const organisation = await getOrganisation(owner, options.org);
        const { keepAuditFor } = await import('../privacy/keep-audit.ts');
        const isAgreed = options.yes === true;
        const kept = await keepAuditFor(months, organisation.tenantId, { owner, clock: Date.now, isAgreed });
        return { slug: organisation.slug, ...kept };
      });
      if (!isSet)
        throw new CliError(
          `Nothing was changed: ${entries} entries of ${slug} are older. Give --yes to change it; nothing brings these entries back.`,
        );
      remark(`Entries of the audit trail of ${slug} are kept for ${months} months.`);
      if (entries > 0)
        remark(
          `The server deletes ${entries} older ones at night; "rollcall jobs run audit-prune" does it now.`,
        );
    });
}

function parseHead(text: string): KnownBatch {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined)
    throw new InvalidArgumentError('It must be the number of a batch, a colon and its hash.');
  return { number: Number(number), hash };
}

function parseMonths(text: string): number {
  const months = Number(text);
  if (/^\d{1,3}$/.test(text) && months >= 1 && months <= MOST_MONTHS) return months;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_MONTHS}.`);
}
