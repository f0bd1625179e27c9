/** What the memory of the admin server does under a steady load: an hour of it in so many minutes. @module */
import { setTimeout as sleep } from 'node:timers/promises'

/** Mints of an hour, whatever time they are given. */
const MINTS = 18_000
const ITEMS = 10
const SAMPLE_MS = 1_000
/** Garbage comes and goes within it: of each window the least counts. */
const WINDOW_MS = 10_000

/**
 * @param world With no process yet.
 * @param {{ minutes: number, ask: Function, approve: Function, signal: AbortSignal }} options
 * @returns Bytes of resident memory and heap by the process's own metrics, the least of each window, and
 *   what they grow by in a minute, after the first fifth of the time
 */
export async function measureAdminMemory(world, { minutes, ask, approve, signal }) {
  const one = await world.startReady()
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
  const windows = leastOfWindows(late)
  return {
    minutes: (performance.now() - started) / 60_000,
    asked: requests * ITEMS,
    done: body.jobs.done,
    first: windows[0],
    last: windows.at(-1),
    residentPerMinute: slope(windows, 'resident'),
    heapPerMinute: slope(windows, 'heap'),
  }
}

function leastOfWindows(samples) {
  const windows = new Map()
  for (const { at, resident, heap } of samples) {
    const index = Math.floor(at / WINDOW_MS)
    const least = windows.get(index) ?? { at: index * WINDOW_MS, resident, heap }
    windows.set(index, {
      at: least.at,
      resident: Math.min(least.resident, resident),
      heap: Math.min(least.heap, heap),
    })
  }
  return [...windows.values()]
}

/** Of the line of least squares, in units a minute. */
function slope(windows, field) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const at = mean(windows.map((one) => one.at))
  const level = mean(windows.map((one) => one[field]))
  const spread = windows.reduce((sum, one) => sum + (one.at - at) ** 2, 0)
  const common = windows.reduce((sum, one) => sum + (one.at - at) * (one[field] - level), 0)
  return spread === 0 ? 0 : (60_000 * common) / spread
}
