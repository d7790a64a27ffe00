/**
 * Runs `work` for all items, a limited number at a time; returns the results in the order of the items. After the first
 * error no new work begins. The error is thrown when the running work has ended; `onError` may shorten that.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  { concurrency, onError }: { concurrency: number; onError: (error: unknown) => void },
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const errors: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length && errors.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        errors.push(error);
        onError(error);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}
