/** One rotation in this process, and all that must hold of it. @module */

import { isSignerError, KmsAuthorizer } from '../../src/index.ts'
import {
  createMemoryRotations,
  type RotationReport,
  rotateKey,
} from '../../src/provisioning/index.ts'
import { sealedHeight } from './rotation-blocks.ts'
import { type ChainTransaction, readOutcomes } from './rotation-outcomes.ts'
import { faultsAfter } from './rotation-proof.ts'
import type { RotatingAccount, RotationWorld } from './rotation-world.ts'

/** Of weight 0, of the old key and of the new one. */
export const COPIES = 2

/** What came of it. */
export type Trial = {
  readonly report: RotationReport
  /** Empty is good. */
  readonly faults: readonly string[]
  /** At which the weights were checked. */
  readonly blocks: number
  /** Runs that ended with an unknown outcome, after which it was run again. */
  readonly unsettled: number
  /** All of the account and its vaults, in their order. */
  readonly transactions: readonly ChainTransaction[]
}

const MOST_RUNS = 5
/** Of a chain that makes a block for each transaction. */
const TIMEOUT_MS = 5_000

/**
 * Rotates to the end, by all signers in one hand; run again as long as it is not known what became of a
 * transaction.
 *
 * @param options - `url`: default that of the node. `emergency`: the old key goes first where the others
 * reach 1,000 without it.
 */
export async function tryRotation(
  world: RotationWorld,
  account: RotatingAccount,
  options: { readonly url?: string; readonly emergency?: boolean } = {},
): Promise<Trial> {
  const { url = world.chain.url, emergency = false } = options
  const { vaults, chain } = world
  const { address, oldPublicKey, combination } = account
  const signers = [account.old, ...account.others].map(vaults.signer)
  const vault = vaults.vault(account.next)
  const rotations = createMemoryRotations()
  const rotate = () =>
    rotateKey({
      accessNode: url,
      address,
      authorizer: KmsAuthorizer.fromSigners(signers, { accessNode: url }),
      publicKey: oldPublicKey,
      vault,
      hashAlgorithm: combination.next.hashAlgorithm,
      copies: COPIES,
      emergency,
      rotations,
      timeoutMs: TIMEOUT_MS,
      ...(account.retire ? { retirement: vaults.retirement(account.retire) } : {}),
    })
  let unsettled = 0
  const again = async (): Promise<RotationReport> => {
    try {
      return await rotate()
    } catch (thrown) {
      if (!isSignerError(thrown, 'ROTATION_UNSETTLED') || ++unsettled === MOST_RUNS) throw thrown
      return again()
    }
  }
  const report = await again()
  const { newKey, state } = report
  const range = { from: account.since + 1, to: await sealedHeight(chain.url) }
  const transactions = await readOutcomes(chain.url, range)
  if (newKey === undefined || state !== 'done')
    return { report, faults: [`the rotation is ${state}`], blocks: 0, unsettled, transactions }
  const signer = vault.open(newKey.reference)
  const cut = report.plan.mode === 'cut'
  const weights = await world.checkWeights(account, [newKey.publicKey], { cut })
  const after = await faultsAfter(world, account, { newKey, signer, copies: COPIES })
  const faults = [...weights.faults, ...after]
  return { report, faults, blocks: weights.blocks, unsettled, transactions }
}
