/** What the memory of the admin server does under a steady load: an hour of it in so many minutes. @module */
import { setTimeout as sleep } from 'node:timers/promises'

/** Mints of an hour, whatever time they are given. */
const MINTS = 18_000
const ITEMS = 10
const SAMPLE_MS = 5_000
/** After the signal to collect, which the server does at once. */
const COLLECT_MS = 500
const collector = ['--expose-gc', '--import', import.meta.resolve('./collect-garbage.mjs')]

/**
 * @param world With no process yet.
 * @param {{ minutes: number, ask: Function, approve: Function, signal: AbortSignal }} options
 * @returns Bytes of resident memory and heap by the process's own metrics, after each collection of
 *   garbage, and what they grow by in a minute, after the first fifth of the time
 */
export async function measureAdminMemory(world, { minutes, ask, approve, signal }) {
  const one = await world.start(collector)
  await one.ready
  const durationMs = minutes * 60_000
  // An hour's load at most, and in a short run no more a second than in one of ten minutes.
  const mints = Math.round(MINTS * Math.min(1, minutes / 10))
  const requests = mints / ITEMS
  const started = performance.now()
  const samples = []
  const read = one.callAs(world.tokens.eve)
  let over = false
  const sampling = (async () => {
    while (!over) {
      one.signal('SIGUSR2')
      await sleep(COLLECT_MS, undefined, { signal })
      const { body } = await read('GET', '/metrics')
      const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1])
      samples.push({
        at: performance.now() - started,
        resident: value('fcl_kms_admin_process_resident_memory_bytes'),
        heap: value('fcl_kms_admin_nodejs_heap_size_used_bytes'),
      })
      await sleep(SAMPLE_MS, undefined, { signal })
    }
  })()
  const open = []
  for (let index = 0; index < requests; index++) {
    signal.throwIfAborted()
    const dueMs = started + (index * durationMs) / requests - performance.now()
    if (dueMs > 0) await sleep(dueMs, undefined, { signal })
    const { id, digest } = await ask(world, `memory-${index}`, ITEMS)
    open.push(approve(world, id, digest))
  }
  await Promise.all(open)
  over = true
  await sampling
  const { body } = await read('GET', '/v1/stats')
  await one.signal('SIGTERM')
  const late = samples.filter(({ at }) => at > (samples.at(-1)?.at ?? 0) / 5)
  return {
    minutes: (performance.now() - started) / 60_000,
    asked: requests * ITEMS,
    done: body.jobs.done,
    first: late[0],
    last: late.at(-1),
    residentPerMinute: slope(late, 'resident'),
    heapPerMinute: slope(late, 'heap'),
  }
}

/** Of the line of least squares, in units a minute. */
function slope(samples, field) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const at = mean(samples.map((one) => one.at))
  const level = mean(samples.map((one) => one[field]))
  const spread = samples.reduce((sum, one) => sum + (one.at - at) ** 2, 0)
  const common = samples.reduce((sum, one) => sum + (one.at - at) * (one[field] - level), 0)
  return spread === 0 ? 0 : (60_000 * common) / spread
}
