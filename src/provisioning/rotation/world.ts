/** What the steps of a rotation work with. @module */

import type { Engine } from '../../authorizer/engine.ts'
import { engineOf } from '../../authorizer/kms-authorizer.ts'
import { normalizeAddress } from '../../crypto/address.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import type { Transaction } from '../../crypto/transaction.ts'
import { SignerError } from '../../errors.ts'
import { connectAccessNode, readChainId } from '../../flow/access-node.ts'
import { type Account, readAccount } from '../../flow/accounts.ts'
import type { NodeConnection } from '../../flow/http.ts'
import { invalid } from '../../options.ts'
import type { Signer } from '../../signers/signer.ts'
import { EXPIRY_BLOCKS } from '../../transactions/expiry.ts'
import type { Drain } from './drain.ts'
import type { RotationBase, RotationPool } from './options.ts'
import type { Progress } from './progress.ts'
import type { KeyRetirement, RotatedKey, RotationRecord, RotationVault } from './types.ts'

/** One run of one rotation in one process. */
export type World = {
  readonly node: NodeConnection
  readonly address: string
  readonly engine: Engine
  readonly progress: Progress
  readonly vault: RotationVault | undefined
  readonly retirement: KeyRetirement | undefined
  readonly pools: readonly Required<RotationPool>[]
  readonly timeoutMs: number
  /** In blocks. */
  readonly transactionExpiry: number
  readonly drainTimeoutMs: number
  readonly signal: AbortSignal | undefined
  /** What others have signed and nobody has taken yet. */
  signed: readonly Transaction[]
  /** Holds the rows of the pools, while this process does. */
  drain: Drain | undefined
}

/** @throws {SignerError} `INVALID_OPTION`, `CHAIN_MISMATCH`, the `ACCESS_NODE_…` codes. */
export async function openNode(
  options: Pick<RotationBase, 'accessNode' | 'chainId' | 'signal'>,
): Promise<{ readonly node: NodeConnection; readonly chainId: string }> {
  const { chainId: expected, signal } = options
  const node = connectAccessNode(options.accessNode)
  if (expected !== undefined && typeof expected !== 'string')
    throw invalid('chainId', 'it is not a text')
  const chainId = await readChainId(node, { signal })
  if (expected !== undefined && expected !== chainId)
    throw new SignerError('CHAIN_MISMATCH', { expected, actual: chainId })
  return { node, chainId }
}

/** @throws {SignerError} `CHAIN_MISMATCH` when the rotation was begun on another chain. */
export function assertChainOf({ chainId: expected }: RotationRecord, actual: string): void {
  if (expected !== actual) throw new SignerError('CHAIN_MISMATCH', { expected, actual })
}

export function createWorld(
  node: NodeConnection,
  progress: Progress,
  options: RotationBase & {
    readonly vault?: RotationVault
    readonly retirement?: KeyRetirement
    readonly drainTimeoutMs?: number
  },
): World {
  const { vault, retirement, pools = [], signed = [], signal } = options
  const { timeoutMs = 120_000, drainTimeoutMs = 120_000 } = options
  const { transactionExpiry = EXPIRY_BLOCKS } = options
  const { address } = progress.current()
  return {
    node,
    address,
    engine: engineOf(options.authorizer),
    progress,
    vault,
    retirement,
    pools: pools.map(({ store, address: other }) => ({
      store,
      address: other === undefined ? address : normalizeAddress(other),
    })),
    timeoutMs,
    transactionExpiry,
    drainTimeoutMs,
    signal,
    signed,
    drain: undefined,
  }
}

/** At the latest sealed block. */
export const accountNow = ({ node, address, signal }: World): Promise<Account> =>
  readAccount(node, address, { signal })

/** @throws {SignerError} `INVALID_OPTION` while there is none. */
export function newKeyOf({ progress }: World): RotatedKey {
  const { newKey } = progress.current()
  if (newKey === undefined) throw invalid('rotations', 'the record has no new key')
  return newKey
}

/**
 * @returns The signer of the new key.
 * @throws {SignerError} `INVALID_OPTION` when the vault is not the one that made the key.
 */
export async function openNewSigner(world: World): Promise<Signer> {
  const { vault, signal } = world
  const { kind, reference, publicKey, signatureAlgorithm } = newKeyOf(world)
  if (vault === undefined) throw invalid('vault', 'it is needed: the new key has to sign')
  if (vault.kind !== kind) throw invalid('vault', `the new key is in a vault of kind ${kind}`)
  const signer = vault.open(reference)
  const found = await signer.publicKey(signal === undefined ? {} : { signal })
  if (bytesToHex(found.bytes) === publicKey && found.algorithm === signatureAlgorithm) return signer
  throw invalid('vault', 'it opens another key under the reference of the new key')
}
