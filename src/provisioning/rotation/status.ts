/** What is stored of a rotation, told. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import { SignerError } from '../../errors.ts'
import type { AccessNodeOptions } from '../../flow/access-node.ts'
import { assertKnownKeys, assertSignal } from '../../options.ts'
import { assertRotations } from './options.ts'
import { reportOf, stateOf } from './report.ts'
import type { RotationReport, RotationStore } from './types.ts'
import { openNode } from './world.ts'

/** Options of `rotationStatus`. */
export type RotationStatusOptions = {
  /** Asked how long a transaction that waits for signatures can still be sent. */
  readonly accessNode: string | AccessNodeOptions
  readonly chainId?: string
  readonly address: string
  readonly rotations: RotationStore
  readonly signal?: AbortSignal
}

/**
 * Signs nothing and changes nothing.
 *
 * @returns Of the rotation that is open, or the newest. `stopped`: it can be resumed.
 * @throws {SignerError} `ROTATION_NOT_FOUND`, `ROTATION_RECORD_INVALID`, `INVALID_OPTION`,
 * `INVALID_ADDRESS`, `CHAIN_MISMATCH`, the codes of store and access node.
 */
export async function rotationStatus(options: RotationStatusOptions): Promise<RotationReport> {
  assertKnownKeys(options, ['accessNode', 'chainId', 'address', 'rotations', 'signal'])
  const { rotations, signal } = options
  const address = normalizeAddress(options.address)
  assertRotations(rotations)
  assertSignal(signal)
  const record = await rotations.read(address)
  if (record === undefined) throw new SignerError('ROTATION_NOT_FOUND', { address })
  const { node } = await openNode(options)
  return reportOf(node, record, stateOf(record), { signal })
}
