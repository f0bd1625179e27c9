/** What a transaction costs as the pool grows, with the same number of transactions in flight. @module */
import { startCountingProxy } from './counting-proxy.mjs'
import { startProgram } from './program.mjs'
import { createSoftwareAccount } from './throughput-accounts.mjs'

const SIZES = [10, 100, 1_000]
const IN_FLIGHT = 10

/**
 * @param flow An emulator.
 * @param {{ perRound: number, rounds: number, warmUp: number, signal: AbortSignal,
 *   onStop: (stop: () => unknown) => void }} options transactions of each size
 * @returns By size: processor time, bytes read a transaction, and heap of the pool
 */
export async function measurePoolCost(flow, { signal, onStop, ...amounts }) {
  const accounts = []
  const proxies = []
  for (const copies of SIZES) {
    const { address, privateKey } = await createSoftwareAccount(flow, copies)
    const proxy = await startCountingProxy(flow.url)
    onStop(() => proxy.stop())
    proxies.push(proxy)
    accounts.push({ url: proxy.url, nodeUrl: flow.url, address, privateKey, copies })
  }
  const settings = { accounts, inFlight: IN_FLIGHT, ...amounts }
  const program = startProgram('pool-cost-program.mjs', settings, {
    signal,
    execArgv: ['--expose-gc'],
  })
  try {
    await program.next()
    for (const proxy of proxies) proxy.take()
    program.send('go')
    const { sizes } = await program.next()
    return sizes.map((size, index) => {
      const exchanges = proxies[index].take()
      const bytes = exchanges.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)
      return {
        ...size,
        bytes: bytes / size.sent,
        requests: exchanges.length / size.sent,
      }
    })
  } finally {
    await program.stop()
  }
}
