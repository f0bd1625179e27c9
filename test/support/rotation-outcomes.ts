/** What became of all transactions between two blocks, as the chain tells it. @module */

import { errorCodesOf } from '../../src/flow/transaction-outcome.ts'
import { rotationTransactions } from '../../src/provisioning/rotation/key-changes-cadence.ts'
import { getJson } from './rotation-blocks.ts'

/** Name of a transaction of a rotation, by its Cadence. */
export type RotationTransaction = keyof typeof rotationTransactions

/** A transaction that a block holds. */
export type ChainTransaction = {
  readonly id: string
  readonly height: number
  /** Outermost first; empty when it succeeded. */
  readonly errorCodes: readonly number[]
  readonly errorMessage: string
  /** Whether a key was added or revoked by it. */
  readonly changesKeys: boolean
  /** Which of a rotation it is, for those that failed or changed keys; else `undefined`. */
  readonly rotation: RotationTransaction | undefined
}

type Result = {
  readonly error_message?: string
  readonly events?: readonly { readonly type: string }[]
  readonly _links: { readonly _self: string }
}

const LANES = 4
/** Reads each block from `from` to `to`, both included. */
export async function readOutcomes(
  url: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly ChainTransaction[]> {
  const found: ChainTransaction[][] = []
  let next = from
  async function lane(): Promise<void> {
    for (let height = next++; height <= to; height = next++) {
      const path = `/v1/transaction_results?block_height=${height}`
      const results: readonly Result[] = await getJson(`${url}${path}`)
      const read = results.map((result) => readOutcome(url, height, result))
      found[height - from] = await Promise.all(read)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  // What the chain itself does in every block has one id; of ours only a copy that fails has it twice.
  const heights = new Map<string, number>()
  for (const { id, errorCodes } of found.flat())
    if (errorCodes.length === 0) heights.set(id, (heights.get(id) ?? 0) + 1)
  return found.flat().filter(({ id }) => (heights.get(id) ?? 0) <= 1)
}

async function readOutcome(url: string, height: number, result: Result): Promise<ChainTransaction> {
  const [id = ''] = /[0-9a-f]{64}$/.exec(result._links._self) ?? []
  const errorMessage = result.error_message ?? ''
  const changesKeys = (result.events ?? []).some(({ type }) => type.startsWith('flow.AccountKey'))
  const isTold = errorMessage !== '' || changesKeys
  const rotation = isTold ? await readName(url, id) : undefined
  return { id, height, errorCodes: errorCodesOf(errorMessage), errorMessage, changesKeys, rotation }
}

async function readName(url: string, id: string): Promise<RotationTransaction | undefined> {
  const { script }: { readonly script: string } = await getJson(`${url}/v1/transactions/${id}`)
  const cadence = Buffer.from(script, 'base64').toString()
  const names = Object.keys(rotationTransactions) as readonly RotationTransaction[] // its own keys
  return names.find((name) => rotationTransactions[name] === cadence)
}
