import { HttpProblem } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import type { DayAuthor } from '../workday/plan.ts';
import type { Document } from './document.ts';
import type { Operation } from './patch-request.ts';
import type { Selection } from './selection.ts';

/** For whom a resource is read, and how. */
export interface ReadRequest {
  tenantId: string;
  /** Of `/scim/v2`, as clients reach it. */
  baseUrl: string;
  selection: Selection;
}

/** What a list is asked for. */
export interface ListRequest extends ReadRequest {
  filter: string | undefined;
  offset: number;
  limit: number;
}

/** For whom a resource is written; who is deactivated gives up what they have booked. */
export interface WriteRequest {
  tenantId: string;
  author: DayAuthor;
}

/** Throws a 412 where the version that there is, is not one that the caller wants to write to. */
export type Precondition = (version: string) => void;

/** A resource that a request asks to create, and how its answer shows it. */
export interface CreateRequest {
  document: Document;
  reading: ReadRequest;
}

/**
 * A kind of resource. Every method runs in a transaction that its caller may run again. Those that write take
 * the directory lock and throw problems; an id is a GUID.
 */
export interface ResourceType {
  name: 'User' | 'Group';
  path: string;
  /** Whether a PATCH answers with the resource even if no attributes were asked for. */
  answersPatch: boolean;
  list(tx: Tx, listing: ListRequest): Promise<{ total: number; resources: Document[] }>;
  find(tx: Tx, reading: ReadRequest, id: string): Promise<Document | undefined>;
  /** The version of what `find` finds, without the rest of it. */
  findVersion(tx: Tx, tenantId: string, id: string): Promise<string | undefined>;
  /** So many requests are created in one transaction at most. */
  mostCreatedTogether: number;
  /**
   * Creates resources: of each, in their order, the resource or why it cannot be. One that cannot be stops no other. Throws where
   * that is found out too late: nothing is created then, and each can be tried alone.
   */
  create(
    tx: Tx,
    writing: WriteRequest,
    creations: readonly CreateRequest[],
  ): Promise<(Document | HttpProblem)[]>;
  replace(
    tx: Tx,
    writing: WriteRequest,
    id: string,
    document: Document,
    precondition: Precondition,
  ): Promise<void>;
  patch(
    tx: Tx,
    writing: WriteRequest,
    id: string,
    operations: Operation[],
    precondition: Precondition,
  ): Promise<void>;
  remove(tx: Tx, writing: WriteRequest, id: string, precondition: Precondition): Promise<void>;
}

/** What `work` returns, or the problem that it threw. */
export function orProblem<T>(work: () => T): T | HttpProblem {
  try {
    return work();
  } catch (error) {
    if (error instanceof HttpProblem) return error;
    throw error;
  }
}

/** 404, RFC 7644 section 3.12. */
export function missing(): HttpProblem {
  return new HttpProblem(404, 'There is no resource with this id.');
}
