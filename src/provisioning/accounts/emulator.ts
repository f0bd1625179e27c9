/** The service account of a Flow emulator as payer: money for nothing, on a developer's machine. @module */

import { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { hexToBytes } from '../../crypto/hex.ts'
import { type AccessNodeOptions, assertChain, connectAccessNode } from '../../flow/access-node.ts'
import {
  emulatorChainId,
  emulatorServiceAddress,
  emulatorServicePrivateKey,
} from '../../flow/emulator.ts'
import { assertKnownKeys } from '../../options.ts'
import { createSoftwareSigner } from '../../signers/software-signer.ts'
import type { Payer } from './payer.ts'

/** Options of `emulatorPayer`. */
export type EmulatorPayerOptions = {
  readonly accessNode: string | AccessNodeOptions
  readonly signal?: AbortSignal
}

/**
 * The payer for an emulator that was started with `--service-priv-key` as above, as
 * `startEmulator` of `fcl-kms/testing` does.
 *
 * @throws {SignerError} `CHAIN_MISMATCH` unless the access node serves `flow-emulator`, and the
 * `ACCESS_NODE_…` codes.
 */
export async function emulatorPayer(options: EmulatorPayerOptions): Promise<Payer> {
  assertKnownKeys(options, ['accessNode', 'signal'])
  const { accessNode, signal } = options
  await assertChain(connectAccessNode(accessNode), emulatorChainId, { signal })
  const privateKey = hexToBytes(emulatorServicePrivateKey, 'privateKey')
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey })
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode, chainId: emulatorChainId })
  return { authorizer, address: emulatorServiceAddress }
}
