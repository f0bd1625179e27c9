/** The same for many, a few at a time. @module */

/**
 * @param atOnce - So many are on their way.
 * @returns In the order of the items. Rejects with the first failure, when none is on its way any more.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  run: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  const left = items.entries()
  let stopped: { readonly thrown: unknown } | undefined
  async function work(): Promise<void> {
    for (const [index, item] of left) {
      if (stopped !== undefined) return
      results[index] = await run(item)
    }
  }
  const stop = (thrown: unknown) => {
    stopped ??= { thrown }
  }
  await Promise.all(Array.from({ length: atOnce }, () => work().catch(stop)))
  if (stopped !== undefined) throw stopped.thrown
  return results
}
