/** A relay on a simulated chain, and a store whose steps a test decides on. @module */

import { bytesToHex } from '../../src/crypto/hex.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import {
  createRelay,
  type Relay,
  type RelayEvent,
  type RelayOptions,
} from '../../src/relay/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { createMemoryStore, type RelayStore } from '../../src/stores/index.ts'
import {
  type SimulatedNode,
  type SimulatedNodeOptions,
  startSimulatedNode,
} from './simulated-node.ts'

export const address = '0xf8d6e0586b0a20c7'

/** The key of the account. */
export const signer: Signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })

/** A chain with the account, blocks every 10 ms, and the ids it has executed. */
export async function startRelayNode(
  options: Omit<Partial<SimulatedNodeOptions>, 'account'> & { readonly copies?: number } = {},
): Promise<SimulatedNode & { readonly executed: readonly string[] }> {
  const { copies = 3, ...rest } = options
  const { bytes } = await signer.publicKey()
  const executed: string[] = []
  const node = await startSimulatedNode({
    account: { address: address.slice(2), publicKey: bytesToHex(bytes), copies },
    blockMs: 10,
    execute({ arguments: [argument] }) {
      executed.push(JSON.parse(argument ?? '{}').value)
      return ''
    },
    ...rest,
  })
  return { ...node, executed }
}

/** @param key - What signs; the key of the account unless told otherwise. */
export async function openRelay(
  url: string,
  { key = signer, ...options }: Partial<RelayOptions> & { readonly key?: Signer } = {},
): Promise<Relay & { readonly events: readonly RelayEvent[] }> {
  const events: RelayEvent[] = []
  const relay = await createRelay({
    accessNodes: [url],
    address,
    authorizer: KmsAuthorizer.fromSigners(key, { accessNode: url }),
    store: createMemoryStore(),
    sendsPerSecond: 500,
    pollMs: 5,
    webSocket: false,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { ...relay, events }
}

/** A job of its own transaction. */
export const mint = (id: string) => ({
  id,
  cadence: 'transaction(id: String) {}',
  args: [{ type: 'String', value: id }],
  limit: 100,
})

/** Does the step, or not, or later. */
export type Intervene = (name: keyof RelayStore, step: () => Promise<unknown>) => Promise<unknown>

/** The same store, whose every step is done by `intervene`. */
export function interposed(store: RelayStore, intervene: Intervene): RelayStore {
  type Step = (...args: readonly unknown[]) => Promise<unknown>
  // Each step keeps its name, its arguments and its answer.
  const steps = Object.entries(store as unknown as Record<keyof RelayStore, Step>)
  const named = steps.map(([name, step]) => [
    name,
    (...args: readonly unknown[]) => intervene(name as keyof RelayStore, () => step(...args)), // a store has no others
  ])
  return Object.fromEntries(named) as RelayStore
}

/** Signs once the gate is open. */
export function gated(key: Signer): {
  readonly key: Signer
  readonly asked: () => number
  readonly open: () => void
} {
  let asked = 0
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return {
    key: {
      ...key,
      async sign(request) {
        asked += 1
        await opened
        return key.sign(request)
      },
    },
    asked: () => asked,
    open: () => open(),
  }
}
