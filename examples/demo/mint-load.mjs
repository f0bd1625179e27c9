/** NFTs minted all the time on one account, by a relay and by plain `fcl.mutate` with a pool. */
import { setTimeout as sleep } from 'node:timers/promises'
import * as fcl from '@onflow/fcl'
import { createProposalKeyPool } from 'fcl-kms/proposal-keys'
import { createRelay } from 'fcl-kms/relay'

/** Mints under way at once, by each of the two ways. */
const LANES = 2
const COMPUTE_LIMIT = 9_999
const STOP_MS = 20_000

/**
 * @param authorizer - With every signer that the account will need.
 * @param store - Holds the proposal keys and the jobs: what a rotation is given as a pool.
 * @returns `asked`: ids that were accepted; `rejected`: calls that were not; `grownBy(count)` resolves
 * when so many more were accepted, and rejects when one was refused; `stop()`.
 */
export async function startMints({ flow, address, authorizer, store, drop }) {
  const cadence = drop.transaction('mint')
  const pool = await createProposalKeyPool({ accessNode: flow.url, address, authorizer, store })
  const relay = await createRelay({
    accessNodes: [flow.url],
    address,
    authorizer,
    store,
    requestScript: drop.script('get-request'),
  })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  const asked = { fcl: new Set(), relay: new Set() }
  const rejected = []
  let isOver = false

  const ways = {
    async fcl(id) {
      await fcl.mutate({ cadence, args: drop.mintArguments(id), authz, limit: COMPUTE_LIMIT })
      asked.fcl.add(id) // FCL says so when it has sent it
    },
    async relay(id) {
      const args = drop.mintArguments(id)
      const job = await relay.submit({ id, cadence, args, limit: COMPUTE_LIMIT })
      asked.relay.add(id) // accepted: the relay answers for it
      await job.executed()
    },
  }
  /** Ends with the first call that is refused: that one is told, and nobody asks on. */
  async function lane(way, name) {
    for (let count = 1; !isOver; count += 1) {
      const id = `${way}-${name}-${count}`
      try {
        await ways[way](id)
      } catch (error) {
        rejected.push({ id, reason: error.code ?? error.message })
        return
      }
    }
  }
  const lanes = Object.keys(ways).flatMap((way) =>
    Array.from({ length: LANES }, (_, name) => lane(way, name)),
  )
  const size = () => asked.fcl.size + asked.relay.size
  return {
    asked,
    rejected,
    async grownBy(count, deadlineMs = 60_000) {
      const wanted = size() + count
      for (const deadline = Date.now() + deadlineMs; size() < wanted; await sleep(50))
        if (rejected.length > 0 || Date.now() > deadline)
          throw new Error(`${size()} mints, not ${wanted}: ${JSON.stringify(rejected)}`)
    },
    async stop() {
      isOver = true
      const ended = Promise.all(lanes)
      await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })])
      await relay.close() // jobs that nobody can sign for end their callers' waits
      await pool.close()
      await ended
    },
  }
}
