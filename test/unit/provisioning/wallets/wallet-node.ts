/** An access node that makes an account for each key of a transaction, and what wallets need beside it. @module */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFreeKms, keyArn } from '../../../../bench/free-kms.mjs'
import {
  type CreateWalletsOptions,
  createFileWalletBook,
  createWallets,
  type WalletBook,
} from '../../../../src/provisioning/index.ts'
import { createSealedKeys, type SealedKeys } from '../../../../src/signers/sealed-key/index.ts'
import { ANSWERS_MS } from '../../../support/limits.ts'
import { createMapStore, type MapStore } from '../../../support/map-store.ts'
import { accountCreated, type NodeEndpoint, sealed, startNodeEndpoint } from '../node-endpoint.ts'

export const unknownResult = { status: 404, body: { code: 404, message: 'not found' } } as const

export type WalletNode = {
  readonly node: NodeEndpoint
  readonly keys: SealedKeys
  readonly store: MapStore
  readonly book: WalletBook
  readonly folder: string
  /** Public keys of each transaction that arrived, in its order. */
  readonly sent: (readonly string[])[]
  /** Ids of what arrived, and came to be executed. */
  readonly posted: string[]
  /** Puts accounts on the chain for what arrived last: by default as soon as it arrives. */
  readonly execute: (change?: (publicKeys: readonly string[]) => readonly string[]) => void
  executesAtOnce: boolean
  readonly create: (more?: Partial<CreateWalletsOptions>) => ReturnType<typeof createWallets>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Addresses of the emulator, all valid. */
const addresses = [
  '0x01cf0e2f2f715450',
  '0x179b6b1cb6755e31',
  '0xf3fcd2c1a78f5eee',
  '0xe03daebed8ca0615',
  '0x045a1763c93006ca',
  '0x120e725050340cab',
  '0xf669cb8d41ce0c74',
  '0x192440c99cb17282',
] as const

export async function startWalletNode(): Promise<WalletNode> {
  const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-wallets-'))
  const node = await startNodeEndpoint()
  const store = createMapStore()
  const keys = createSealedKeys({ kms: createFreeKms().client, keyId: keyArn, store })
  const book = await createFileWalletBook({ folder: join(folder, 'book') })
  let made = 0
  const executed = new Set<string>()
  const world: WalletNode = {
    node,
    keys,
    store,
    book,
    folder,
    sent: [],
    posted: [],
    executesAtOnce: true,
    execute(change = (publicKeys) => [...publicKeys].reverse()) {
      const events = change(world.sent.at(-1) ?? []).map((publicKey) => {
        const address = addresses[made++] ?? ''
        node.setKeys(address, [{ publicKey, algorithm: 'ECDSA_secp256k1' }])
        return accountCreated(address)
      })
      node.result = sealed(events)
    },
    create: (more = {}) =>
      createWallets({
        ...{ keys, book, payer: node.payer },
        accessNode: { url: node.url, timeoutMs: ANSWERS_MS },
        timeoutMs: ANSWERS_MS,
        ...('count' in more ? {} : { ids: ['alice', 'bob', 'carol'] }),
        ...more,
      }),
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
  node.result = unknownResult
  node.onBody = (name, body) => {
    if (name !== 'POST transactions') return
    const { arguments: args, envelope_signatures: signatures } = body as {
      arguments: readonly string[]
      envelope_signatures: readonly { signature: string }[]
    } // as the REST API has it
    const list = JSON.parse(Buffer.from(args[0] ?? '', 'base64').toString())
    world.sent.push(list.value.map(({ value }: { value: string }) => value))
    const signature = signatures[0]?.signature ?? ''
    world.posted.push(signature)
    // The same bytes are one transaction, however often they come.
    if (!world.executesAtOnce || executed.has(signature)) return
    executed.add(signature)
    world.execute()
  }
  return world
}
