/** The few numbers that a sample is reduced to. @module */

/** @param {readonly number[]} sample not empty; not modified */
export function median(sample) {
  const sorted = sample.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** @param {readonly number[]} sample not empty; not modified @param {number} share from 0 to 1 */
export function percentile(sample, share) {
  const sorted = sample.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/**
 * Runs the contestants in turn, each time in another order, so that none profits from its place.
 * @param {Record<string, () => unknown>} contestants
 * @param {{ rounds: number, warmUp: number, signal: AbortSignal }} options
 * @returns {Promise<Record<string, number[]>>} milliseconds, one for each round
 */
export async function interleave(contestants, { rounds, warmUp, signal }) {
  const names = Object.keys(contestants)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  const orders = permutations(names)
  for (let round = -warmUp; round < rounds; round++) {
    signal.throwIfAborted()
    for (const name of orders[(round + warmUp) % orders.length]) {
      const started = performance.now()
      await contestants[name]()
      if (round >= 0) times[name].push(performance.now() - started)
    }
  }
  return times
}

/** @param {readonly string[]} names @returns {string[][]} all orders of the names */
const permutations = (names) =>
  names.length < 2
    ? [[...names]]
    : names.flatMap((first) =>
        permutations(names.filter((name) => name !== first)).map((rest) => [first, ...rest]),
      )
