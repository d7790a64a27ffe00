import { HttpProblem } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import type { DayAuthor } from '../workday/plan.ts';
import type { Document } from './document.ts';
import type { Operation } from './patch-request.ts';
import type { Selection } from './selection.ts';

/** The organisation for which a resource is read, and the form of the answer. */
export interface ReadRequest {
  tenantId: string;
  /** The URL of `/scim/v2` for clients. */
  baseUrl: string;
  selection: Selection;
}

/** The parameters of a list. */
export interface ListRequest extends ReadRequest {
  filter: string | undefined;
  offset: number;
  limit: number;
}

/** The organisation for which a resource is written, and the author of changes of days that follow from it. */
export interface WriteRequest {
  tenantId: string;
  author: DayAuthor;
}

/** Throws a 412 if the caller does not accept the resource's present version. */
export type Precondition = (version: string) => void;

/** A resource that a request asks to create, and the form of the answer. */
export interface CreateRequest {
  document: Document;
  reading: ReadRequest;
}

/**
 * A kind of resource. Every method runs in a transaction that its caller may run again. Methods that write take
 * the directory lock and throw problems. An id is a GUID.
 */
export interface ResourceType {
  name: 'User' | 'Group';
  path: string;
  /** Whether a PATCH answers with the resource even if the request does not select attributes. */
  answersPatch: boolean;
  list(tx: Tx, listing: ListRequest): Promise<{ total: number; resources: Document[] }>;
  find(tx: Tx, reading: ReadRequest, id: string): Promise<Document | undefined>;
  /** Only the version of the resource that `find` returns. */
  findVersion(tx: Tx, tenantId: string, id: string): Promise<string | undefined>;
  /** The most resources that are created in one transaction. */
  mostCreatedTogether: number;
  /**
   * Creates resources. Returns for each, in their order, the resource or the problem. A refused resource stops no
   * other. Throws if it finds the problem too late: then nothing is created, and the caller can try each alone.
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

/** The result of `work`, or the `HttpProblem` that it throws. */
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
