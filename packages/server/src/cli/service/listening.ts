import { readdir, readFile, readlink } from 'node:fs/promises';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const ANSWER_TIMEOUT_MS = 5_000;
/** The state LISTEN in /proc/net/tcp. */
const LISTEN = '0A';

/**
 * The URL of the server with this process id, if it is ready: `/readyz` answers 200. The process tells its addresses by its open
 * sockets, so all ways to set them count, and port 0, too. Needs root. Undefined if it is not ready, or does not run.
 */
export async function readyUrl(pid: number): Promise<string | undefined> {
  for (const address of await listeningAddresses(pid)) {
    for (const [protocol, get] of [
      ['http', getHttp],
      // The certificate is for the name by which clients reach the server. The socket is known to be that of the process.
      ['https', getHttps],
    ] as const) {
      const url = `${protocol}://${address}`;
      const status = await new Promise<number | undefined>((resolve) => {
        const options = { timeout: ANSWER_TIMEOUT_MS, rejectUnauthorized: false, agent: false };
        const request = get(`${url}/readyz`, options, (reply) => {
          resolve(reply.statusCode);
          reply.resume();
        });
        request.on('timeout', () => request.destroy());
        request.on('error', () => resolve(undefined));
        request.on('close', () => resolve(undefined));
      });
      if (status === 200) return url;
    }
  }
  return undefined;
}

/** The addresses with ports at which this machine reaches the listening TCP sockets of a process. */
async function listeningAddresses(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}`;
  try {
    const links = await Promise.all(
      (await readdir(`${folder}/fd`)).map((fd) => readlink(`${folder}/fd/${fd}`).catch(() => '')),
    );
    const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
    const tables = await Promise.all(
      ['tcp', 'tcp6'].map((name) => readFile(`${folder}/net/${name}`, 'utf8').catch(() => '')),
    );
    return tables.flatMap((table) =>
      table
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, , , state, , , , , , inode]) => state === LISTEN && inodes.has(inode))
        .map(([, local = '']) => toAddress(local)),
    );
  } catch {
    // The process has ended.
    return [];
  }
}

/** An address of /proc/net/tcp: words of 32 bits in the byte order of the machine, all of which are little-endian here. */
function toAddress(local: string): string {
  const [hex = '', port = ''] = local.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()]);
  const isAny = bytes.every((byte) => byte === 0);
  const host =
    bytes.length === 4
      ? isAny
        ? '127.0.0.1'
        : bytes.join('.')
      : `[${
          isAny
            ? '::1'
            : Buffer.from(bytes)
                .toString('hex')
                .replace(/.{4}(?=.)/g, '$&:')
        }]`;
  return `${host}:${Number.parseInt(port, 16)}`;
}
