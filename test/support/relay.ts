/** Accounts with proposal keys, and relays on them. @module */

import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import {
  createRelay,
  type Relay,
  type RelayEvent,
  type RelayOptions,
} from '../../src/relay/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { createMemoryStore } from '../../src/stores/index.ts'
import type { FlowChain } from './flow-chain.ts'

/** An account whose keys lie in software. */
export type RelayAccount = {
  readonly address: string
  readonly authorizer: KmsAuthorizer
  readonly signer: Signer
}

/** An account with one key of weight 1,000 at index 0, and this many copies after it. */
export async function createRelayAccount(chain: FlowChain, copies: number): Promise<RelayAccount> {
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  const address = await chain.createAccount([
    { signer, weight: 1_000 },
    ...Array.from({ length: copies }, () => ({ signer, weight: 0 })),
  ])
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: chain.url })
  return { address, authorizer, signer }
}

/** A relay on a store in memory unless told otherwise, and the events it told. */
export async function startRelay(
  chain: { readonly url: string },
  { address, authorizer }: Omit<RelayAccount, 'signer'>,
  options: Partial<RelayOptions> = {},
): Promise<Relay & { readonly events: readonly RelayEvent[] }> {
  const events: RelayEvent[] = []
  const relay = await createRelay({
    accessNodes: [chain.url],
    authorizer,
    address,
    store: createMemoryStore(),
    sendsPerSecond: 500,
    pollMs: 50,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { ...relay, events }
}
