/** From a group of claimed jobs to one stored transaction, or back into the queue. @module */

import { setMaxListeners } from 'node:events'
import { codeOf, SignerError } from '../errors.ts'
import type { PoolLease } from '../proposal-keys/lease.ts'
import type { Group } from './batch.ts'
import type { RelayCore } from './core.ts'
import type { Returns } from './returns.ts'
import { createSigning, type Signed } from './signing.ts'

/** Transactions that are being prepared. */
export type Preparation = {
  readonly start: (group: Group) => void
  readonly size: () => number
  /** Resolves when all that were started are stored or given back. */
  readonly ended: () => Promise<void>
  /** Nothing is leased or signed any more that has no key yet. */
  readonly leave: () => void
}

/**
 * @param onSigned - Told of each transaction once it is stored.
 * @param onEnd - Told when one is stored or given back.
 */
export function createPreparation(
  core: RelayCore,
  returns: Returns,
  onSigned: (signed: Signed) => void,
  onEnd: () => void,
): Preparation {
  const { address, pool, hold, tell, signal } = core
  const sign = createSigning(core)
  /** Ends waiting for a key, where nothing is signed yet. */
  const leaving = new AbortController()
  const waiting = AbortSignal.any([signal, leaving.signal])
  setMaxListeners(0, waiting)
  const running = new Set<Promise<void>>()

  /**
   * What was being prepared when the relay was held or paused is not sent any more.
   *
   * @param tries - The one that looks whether a hold is over; a pause and an operator's hold stop it.
   */
  const assertMaySend = (tries: boolean) => () => {
    const held = hold.current()
    if (held === undefined || (tries && hold.mayTry())) return
    throw new SignerError('RELAY_HELD', { address, ...held })
  }

  async function prepare(group: Group, tries: boolean): Promise<void> {
    const oldest = Math.min(...group.jobs.map(({ createdAt }) => createdAt))
    const queuedMs = Math.max(0, Date.now() - oldest)
    const startedAt = performance.now()
    const check = assertMaySend(tries)
    let lease: PoolLease | undefined
    try {
      lease = await pool.lease({ signal: waiting })
      const leasedAt = performance.now()
      check()
      const signed = await sign(group, lease, check)
      const { transactionId, jobIds, keyIndex, sequenceNumber, computeLimit } = signed
      const proposalKey = { keyIndex, sequenceNumber: sequenceNumber.toString() }
      const facts = { transactionId, jobIds, ...proposalKey, computeLimit }
      const waitedMs = leasedAt - startedAt
      const signMs = performance.now() - leasedAt
      tell({ kind: 'signed', ...facts, queuedMs, waitedMs, signMs })
      returns.noteSuccess(jobIds)
      hold.clear('signed')
      onSigned(signed)
    } catch (thrown) {
      await lease?.release()
      const isOver = signal.aborted || leaving.signal.aborted
      await (isOver ? returns.giveBack(group.jobs) : returns.giveUp(group, thrown))
    }
  }

  return {
    size: () => running.size,
    async ended() {
      await Promise.all(running)
    },
    leave: () => leaving.abort(new SignerError('RELAY_CLOSED', { address })),
    start(group) {
      const one = prepare(group, hold.current() !== undefined)
        .catch((thrown: unknown) => {
          // The claim runs out in the store, and the job is taken again.
          const code = codeOf(thrown)
          if (!signal.aborted) tell({ kind: 'trouble', code, where: 'prepare' })
        })
        .finally(() => {
          running.delete(one)
          onEnd()
        })
      running.add(one)
    },
  }
}
