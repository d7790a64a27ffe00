import { Argument, Command } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { addOperatorEntry } from '../http/audit/operator.ts';
import { effectsOf, type RetentionEffect } from '../privacy/retention-effects.ts';
import {
  endsNames,
  RETENTION_KINDS,
  type RetentionKindName,
  retentionFault,
  retentionKind,
} from '../store/privacy/retention-kinds.ts';
import {
  AUDIT_KEPT_BY_DEFAULT,
  AUDIT_TITLE,
  readAuditRetention,
  readRetention,
  setRetention,
} from '../store/privacy/retention-settings.ts';
import { isPeriod, type Period, periodWords } from '../store/values/period.ts';
import { getOrganisation, withContext } from './context.ts';
import { CliError } from './errors.ts';
import { toOptions } from './options.ts';
import { formatTable, print } from './output.ts';

interface Common extends DataConfig {
  org?: string;
  json?: true;
}
interface SetOptions extends Common {
  yes?: true;
}

const UNLIMITED = 'unlimited';

/** `rollcall retention show|set`. Without a subcommand, it shows. */
export function retentionCommand(): Command {
  const show = new Command('show')
    .description('show how long each kind of data is kept')
    .action(showRetention);
  const set = new Command('set')
    .description('change how long a kind of data is kept; first shows what that would remove')
    .addArgument(new Argument('<kind>', 'the kind of data').choices(RETENTION_KINDS))
    .argument('<period>', `such as 13months or 90days; ${UNLIMITED}; default`)
    .option('--yes', 'change it although rows would be removed')
    .action(changeRetention);
  const retention = new Command('retention').description('how long data is kept');
  for (const command of [show, set]) {
    command.option('--org <slug>', 'the organisation; required if there are several');
    command.option('--json', 'print JSON');
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    retention.addCommand(command, { isDefault: command === show });
  }
  return retention;
}

async function showRetention(options: Common): Promise<void> {
  const retention = await withContext(options, 'rollcall retention', async ({ owner }) => {
    const { tenantId } = await getOrganisation(owner, options.org);
    return owner.inTenant(tenantId, async (tx) => ({
      ...(await readRetention(tx, tenantId)),
      audit: await readAuditRetention(tx, tenantId),
    }));
  });
  if (options.json) return print(JSON.stringify(retention));
  const rows = RETENTION_KINDS.map((kind) => {
    const { title, byDefault } = retentionKind(kind);
    return { kind, kept: words(retention[kind]), default: words(byDefault), 'what it is': title };
  });
  const audit = {
    ...{ kind: 'audit', kept: words(retention.audit), default: words(AUDIT_KEPT_BY_DEFAULT) },
    'what it is': AUDIT_TITLE,
  };
  print(formatTable([...rows, audit]));
}

async function changeRetention(kind: RetentionKindName, text: string, options: SetOptions): Promise<void> {
  const kept = readPeriod(kind, text);
  const { effect, isSet } = await withContext(options, 'rollcall retention', async ({ owner }) => {
    const { tenantId } = await getOrganisation(owner, options.org);
    const deps = { database: owner, clock: Date.now };
    const [effect] = await effectsOf(deps, tenantId, { [kind]: kept });
    if (!effect) throw new Error('Each kind has an effect.');
    const isSet = options.yes === true || !removes(effect);
    if (isSet)
      await owner.inTenant(tenantId, async (tx) => {
        await setRetention(tx, tenantId, { [kind]: kept });
        const metadata = { of: 'retention', locationId: null, members: [kind] };
        await addOperatorEntry(tx, 'settings.changed', { tenantId, metadata, atMs: Date.now() });
      });
    return { effect, isSet };
  });
  if (options.json) print(JSON.stringify({ ...effect, kept, isSet }));
  else tell(effect, kept, isSet);
  if (!isSet)
    throw new CliError('Nothing was changed. Give --yes to change it; nothing brings back what it removes.');
}

function tell(effect: RetentionEffect, kept: Period | null, isSet: boolean): void {
  const { kind, months, isComplete, firstKeptDay } = effect;
  if (removes(effect)) {
    print(
      endsNames(kind)
        ? `Rows before ${firstKeptDay} that lose their names, and stay:`
        : `Rows of ${kind} before ${firstKeptDay}:`,
    );
    print(
      formatTable(
        months.map(({ month, rows, isMore }) => ({ month, rows: `${rows}${isMore ? ' or more' : ''}` })),
      ),
    );
    if (!isComplete) print('Later months were not counted, because it took too long.');
  }
  if (!isSet) return;
  print(kept === null ? `${kind} is kept without limit.` : `${kind} is kept for ${periodWords(kept)}.`);
  if (removes(effect))
    print(
      `The job "retention" of the server removes ${endsNames(kind) ? 'the names' : 'these rows'}; ` +
        '"rollcall jobs run retention" does it now.',
    );
}

/** A count that was given up may be of rows, too. */
const removes = ({ months, isComplete }: RetentionEffect) => months.length > 0 || !isComplete;

const words = (period: Period | null) => (period === null ? UNLIMITED : periodWords(period));

/** Reads `13months`, `90days`, `P13M`, `unlimited` or `default`. Throws `CliError`. */
function readPeriod(kind: RetentionKindName, text: string): Period | null {
  if (text === 'default') return retentionKind(kind).byDefault;
  const [, count, unit] = /^(\d{1,5}) ?(month|day)s?$/.exec(text) ?? [];
  const given = text === UNLIMITED ? null : count ? `P${count}${unit === 'month' ? 'M' : 'D'}` : text;
  const fault = retentionFault(kind, given);
  if (fault !== undefined || (given !== null && !isPeriod(given)))
    throw new CliError(`The retention of ${kind} ${fault}; "${text}" is not possible.`);
  return given;
}
