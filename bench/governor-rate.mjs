/** How well the governor keeps a rate: the starts are counted at the endpoint. @module */
import { importFromRoot } from './own-package.mjs'
import { startProgram } from './program.mjs'

const { createSigningGovernor } = await importFromRoot('fcl-kms')

const RATES = [50, 300]
const DELAY_MS = 30
const SECONDS = 6

/**
 * Asks for all at once, so that there is always somebody who waits.
 *
 * @param {AbortSignal} signal
 * @returns By rate: starts a second from the first to the last one, and the most in any second
 */
export async function measureGovernor(signal) {
  const endpoint = startProgram('slow-endpoint.mjs', { delayMs: DELAY_MS }, { signal })
  const { url } = await endpoint.next()
  const request = async () => (await fetch(url, { method: 'POST', body: '{}', signal })).text()
  const starts = async () => {
    endpoint.send('take')
    return (await endpoint.next()).starts
  }
  try {
    const rates = []
    for (const ratePerSecond of RATES) {
      const governor = createSigningGovernor({ ratePerSecond })
      await Promise.all(Array.from({ length: 20 }, request)) // opens the connections
      await starts()
      const turns = Array.from({ length: ratePerSecond * SECONDS }, () =>
        governor.run('kms', request, signal),
      )
      await Promise.all(turns)
      rates.push({ ratePerSecond, ...paceOf(await starts()) })
    }
    return { delayMs: DELAY_MS, rates }
  } finally {
    await endpoint.stop()
  }
}

function paceOf(starts) {
  const seconds = (starts.at(-1) - starts[0]) / 1_000
  const inSecondFrom = (from) => starts.filter((at) => at >= from && at < from + 1_000).length
  return {
    starts: starts.length,
    seconds,
    perSecond: (starts.length - 1) / seconds,
    mostInASecond: Math.max(...starts.map(inSecondFrom)),
  }
}
