/** Hears of the work of this process, for traces. */
export interface Observer {
  /** Something that the request or the job of now does with the database. Returns what to call at its end. */
  beginWork(name: string): (failed: boolean) => void;
  /** Runs a job, of which everything that it does is a part. */
  runJob<T>(name: string, work: () => Promise<T>): Promise<T>;
}

const NO_END = () => undefined;
let observer: Observer | undefined;

/** From now on `to` hears of all work of this process; with undefined, nobody does. */
export function observeWork(to: Observer | undefined): void {
  observer = to;
}

/** Tells the observer of work with the database. Call the result at its end. */
export function beginWork(name: string): (failed: boolean) => void {
  return observer?.beginWork(name) ?? NO_END;
}

/** Runs a job, and tells the observer of it. */
export function observeJob<T>(name: string, work: () => Promise<T>): Promise<T> {
  return observer ? observer.runJob(name, work) : work();
}
