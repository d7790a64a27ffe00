import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { MasterKey } from '../auth/secrets.ts';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { withJobLock } from '../store/connections/job-lock.ts';
import { findMasterKeyChecks } from '../store/schema/instance.ts';
import { type Context, withContext } from './context.ts';
import { CliError, unwritable } from './errors.ts';
import { masterKeySources, replaceMasterKeys } from './master-key-sources.ts';
import { toOptions } from './options.ts';
import { formatTable, print, remark } from './output.ts';
import { showProgress } from './progress.ts';

const LOCK_POLL_MS = 500;
const MOST_LOCK_TURNS = 60;

interface Options extends DataConfig {
  json?: true;
}

/** `rollcall master-key rotate|status|remove-old`. */
export function masterKeyCommand(): Command {
  const masterKey = new Command('master-key').description(
    'the key that encrypts the secrets of keys and signing keys at rest',
  );
  for (const command of [rotateCommand(), statusCommand(), removeOldCommand()]) {
    command.option('--json', 'print JSON');
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    masterKey.addCommand(command);
  }
  return masterKey;
}

function rotateCommand(): Command {
  return new Command('rotate')
    .description(
      'encrypt all secrets with a new master key; servers go on, and a repeated call finishes the work',
    )
    .action(async (options: Options) => {
      const { rotateMasterKey } = await import('../auth/rotate-master-key.ts');
      const progress = showProgress('Sealing anew', 'secrets');
      const { former, current, sealed } = await withContext(
        options,
        'rollcall master-key',
        async (context) => {
          const { owner, masterKey: masterKeys } = context;
          return alone(context, async () => {
            if (masterKeys.keys.length === 1) await addNextKey(options, context);
            const [former] = masterKeys.keys;
            const sealed = await rotateMasterKey({ owner, masterKeys, onProgress: progress.update });
            return { former: former?.id, current: masterKeys.current.id, sealed };
          });
        },
      ).finally(() => progress.stop());
      print(
        options.json
          ? JSON.stringify({ masterKeyId: current, formerMasterKeyId: former, sealed })
          : `The master key is ${current} now, and nothing is sealed with ${former} any more. Older backups still need ${former}.`,
      );
    });
}

/**
 * Runs `work` while no other command changes the master keys, with the keys that the source has then: another command may
 * have changed them since this one began. Waits for another command, also for a killed one whose connection the database
 * has not given up yet. Throws `CliError` after 30 seconds.
 */
async function alone<T>({ owner, masterKey: masterKeys }: Context, work: () => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  const run = async () => {
    const checks = await owner.inSystem(findMasterKeyChecks);
    await masterKeys.reload(checks);
    masterKeys.adopt(checks);
    result = { value: await work() };
  };
  for (let turn = 0; turn < MOST_LOCK_TURNS; turn++) {
    await withJobLock(owner, 'master key', run);
    if (result) return result.value;
    await delay(LOCK_POLL_MS);
  }
  throw new CliError(
    'Another command changes the master key at this time; repeat the command when it has ended.',
  );
}

/** Makes a new key, and puts it behind the current one in the file of the master key. */
async function addNextKey(config: DataConfig, { owner, masterKey: masterKeys }: Context): Promise<void> {
  const file = replaceableFile(config);
  if (file === undefined) {
    throw new CliError(
      `The master key comes from ${namesOf(config)}. Put a new key there, after the present one and a blank, for every server; then repeat the command. "openssl rand -base64 32" makes one.`,
    );
  }
  await replaceMasterKeys(file, [masterKeys.current, MasterKey.generate()]).catch(unwritable(file));
  await masterKeys.reload(await owner.inSystem(findMasterKeyChecks));
  remark(`Put a new master key into ${file}, after the present one.`);
}

/** The file of the master key; undefined if the key comes from elsewhere, too. */
function replaceableFile(config: DataConfig): string | undefined {
  const sources = masterKeySources(config);
  return sources.length === 1 ? sources[0]?.file : undefined;
}

function namesOf(config: DataConfig): string {
  return masterKeySources(config)
    .map(({ name }) => name)
    .join(' and ');
}

function statusCommand(): Command {
  return new Command('status')
    .description('show which master keys there are, what is encrypted with them, and which servers have them')
    .action(async (options: Options) => {
      const { masterKeyStatus } = await import('../auth/rotate-master-key.ts');
      const { status, keys } = await withContext(
        options,
        'rollcall master-key',
        async ({ owner, masterKey: masterKeys }) => {
          const status = await masterKeyStatus(owner);
          const unnamed = status.sealed.get('') ?? 0;
          const keys = masterKeys.keys.map((key) => {
            const isCurrent = key === masterKeys.current;
            const isFormer = !isCurrent && masterKeys.inUse.includes(key);
            // Values without an id are from before the first rotation, so the oldest key in use sealed them.
            const older = key === masterKeys.inUse[0] ? unnamed : 0;
            return {
              masterKeyId: key.id,
              state: isCurrent ? 'seals' : isFormer ? 'being replaced' : 'not in use',
              sealed: (status.sealed.get(key.id) ?? 0) + older,
              servers: status.servers.filter(({ masterKeyIds }) => masterKeyIds.includes(key.id)).length,
            };
          });
          return { status, keys };
        },
      );
      const { isRotating, servers } = status;
      if (options.json) return print(JSON.stringify({ isRotating, servers: servers.length, keys }));
      print(
        formatTable(
          keys.map(({ masterKeyId, state, sealed, servers: having }) => ({
            masterKeyId,
            state,
            sealed: String(sealed),
            servers: `${having} of ${servers.length}`,
          })),
        ),
      );
      if (isRotating) remark('A rotation is not finished; "rollcall master-key rotate" finishes it.');
    });
}

function removeOldCommand(): Command {
  return new Command('remove-old')
    .description(
      'remove the former master key from its file, if nothing is encrypted with it; keep a copy for older backups',
    )
    .action(async (options: Options) => {
      const { announceNewKeys, masterKeyStatus } = await import('../auth/rotate-master-key.ts');
      const { current, removed } = await withContext(options, 'rollcall master-key', (context) =>
        alone(context, async () => {
          const { owner, masterKey: masterKeys } = context;
          const { current, keys } = masterKeys;
          const former = keys.find((key) => key !== current);
          if (!former) return { current: current.id, removed: undefined };
          const { isRotating, sealed, servers } = await masterKeyStatus(owner);
          const isUsed = isRotating || [...sealed.keys()].some((id) => id !== current.id);
          if (masterKeys.next || isUsed || servers.some(({ masterKeyIds: [id] }) => id !== current.id)) {
            throw new CliError(
              `The master key ${former.id} is not a former key that nothing needs; "rollcall master-key status" shows more, and "rotate" finishes a rotation.`,
            );
          }
          const file = replaceableFile(options);
          if (file === undefined) {
            throw new CliError(
              `Nothing is sealed with the master key ${former.id} any more; remove it from ${namesOf(options)}.`,
            );
          }
          await replaceMasterKeys(file, [current]).catch(unwritable(file));
          await announceNewKeys(owner);
          return { current: current.id, removed: former.id };
        }),
      );
      if (options.json) return print(JSON.stringify({ masterKeyId: current, removed }));
      print(
        removed === undefined
          ? `There is only the master key ${current}.`
          : `Removed the master key ${removed}. Servers forget it within a second.`,
      );
    });
}
