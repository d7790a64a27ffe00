/**
 * Does `work` for all items, so many at a time; the results, in the order of the items. After the first error nothing new
 * begins; it is thrown when what has begun has ended, which `onError` may hasten.
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
