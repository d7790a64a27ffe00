import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { POLL_MS } from './postmaster.ts';

/**
 * The session that makes a process a participant. The server drops the session's locks when the process ends, even by
 * a kill.
 */
export interface Anchor {
  client: pg.Client;
  socket: Socket;
  /** Settles when the session has ended, for any reason. Never rejects. */
  closed: Promise<void>;
  /** Pid of the server that the session belongs to. While the session lives, no other process has this pid. */
  serverPid: number;
}

const ANSWER_LIMIT_MS = 10_000;
const GOODBYE_LIMIT_MS = 1_000;

/** The class of the advisory locks, which have two keys. It spells "Roll". */
const LOCK_CLASS = 0x526f6c6c;
/** All participants hold it shared. */
const PARTICIPANT = 1;
/** The one process that serves holds it. */
const SERVE = 2;

/** Opens the session that anchors a participant. Rejects with the error of `pg`. */
export async function openAnchor(target: pg.ClientConfig, serverPid: number): Promise<Anchor> {
  const socket = new Socket();
  const client = new pg.Client({
    ...target,
    stream: () => socket,
    // The processes of a killed server may live on, and never answer.
    connectionTimeoutMillis: ANSWER_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
    // This session must be able to stay idle, even if the database later gets other defaults.
    options: '-c idle_session_timeout=0 -c statement_timeout=0 -c lock_timeout=0',
  });
  client.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => client.once('end', resolve));
  await client.connect();
  return { client, socket, closed, serverPid };
}

/** Ends the session, also one that the server has already ended. */
export async function closeAnchor(anchor: Anchor): Promise<void> {
  const timer = setTimeout(() => anchor.socket.destroy(), GOODBYE_LIMIT_MS);
  await anchor.client.end().catch(() => undefined);
  clearTimeout(timer);
}

async function ask(anchor: Anchor, call: string, key: number): Promise<boolean> {
  const { rows } = await anchor.client.query<{ done: boolean }>(`SELECT ${call}($1, $2) AS done`, [
    LOCK_CLASS,
    key,
  ]);
  return rows[0]?.done === true;
}

async function retry(forMs: number, attempt: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = Date.now() + forMs;
  for (;;) {
    if (await attempt()) return true;
    if (Date.now() > deadlineMs) return false;
    await sleep(POLL_MS);
  }
}

/**
 * Counts this session as a participant. Returns `false` when another session is stopping the server. Call it under
 * the transition lock.
 */
export async function takePart(anchor: Anchor): Promise<boolean> {
  return ask(anchor, 'pg_try_advisory_lock_shared', PARTICIPANT);
}

/**
 * Stops counting this session, and returns whether it was the last. Call it under the transition lock, so that the
 * answer stays true. Rejects when the session has ended.
 */
export async function leaveAndAskIfLast(anchor: Anchor): Promise<boolean> {
  await anchor.client.query('SELECT pg_advisory_unlock_all()');
  // The server needs a moment to notice that a killed participant has ended.
  return retry(2 * POLL_MS, () => ask(anchor, 'pg_try_advisory_lock', PARTICIPANT));
}

/**
 * Makes this process the one that serves. Returns `false` when another process serves. It waits about a second for
 * the server to notice that such a process was killed.
 */
export async function takeServe(anchor: Anchor): Promise<boolean> {
  return retry(1000, () => ask(anchor, 'pg_try_advisory_lock', SERVE));
}
