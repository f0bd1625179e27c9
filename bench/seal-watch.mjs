/** The cheapest way to learn of many seals: one request for each new block, whoever sent. @module */
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 25

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns `sealed(id)` resolves to the node's error message, empty when there is none, with the
 *   time; ids that were sealed since the watch began are known also when they are asked for later
 */
export async function watchSeals(url, signal) {
  const get = async (path) => {
    const reply = await fetch(`${url}/v1/${path}`, { signal })
    const json = await reply.json()
    return reply.ok ? json : undefined
  }
  const latest = async () => Number((await get('blocks?height=final'))?.[0].header.height)
  /** @type {Map<string, { error: string, at: number }>} */
  const known = new Map()
  /** @type {Map<string, (result: { error: string, at: number }) => void>} */
  const waiting = new Map()
  let height = await latest()
  let over = false
  let failed = (_reason) => undefined
  const failure = new Promise((_, reject) => {
    failed = reject
  })
  failure.catch(() => undefined)

  async function readBlock(next) {
    const results = await get(`transaction_results?block_height=${next}`)
    if (results?.some(({ status }) => status !== 'Sealed') !== false) return false
    const at = performance.now()
    for (const { _links: links, error_message: error } of results) {
      const id = links._self.slice(-64)
      known.set(id, { error, at })
      waiting.get(id)?.({ error, at })
      waiting.delete(id)
    }
    return true
  }
  async function follow() {
    while (!over) {
      const head = await latest()
      while (!over && height < head && (await readBlock(height + 1))) height += 1
      await sleep(POLL_MS)
    }
  }
  follow().catch((error) => over || failed(error))

  return {
    sealed: (id) =>
      Promise.race([failure, known.get(id) ?? new Promise((resolve) => waiting.set(id, resolve))]),
    stop() {
      over = true
    },
  }
}
