import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFreeKms, keyArn } from '../../bench/free-kms.mjs'
import { KmsAuthorizer } from '../../src/index.ts'
import {
  type CreateWalletsOptions,
  createAccount,
  createFileWalletBook,
  createWallets,
  emulatorPayer,
  type Payer,
  sendFlow,
  showAccount,
  type Wallet,
  type WalletBook,
} from '../../src/provisioning/index.ts'
import {
  createFileKeyStore,
  createSealedKeys,
  type SealedKeys,
} from '../../src/signers/sealed-key/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type Emulator, startEmulator } from '../../src/testing/start-emulator.ts'
import { countAccountsMade, latestSealedHeight } from '../support/accounts-made.ts'

const program = fileURLToPath(new URL('../support/wallets-process.mjs', import.meta.url))
const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })

let flow: Emulator
let root: string
let treasury: Payer

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fcl-kms-wallets-'))
  flow = await startEmulator({ blockTimeMs: 100, extraFlags: ['--transaction-fees'] })
  treasury = await emulatorPayer({ accessNode: flow.url })
})
afterAll(async () => {
  await flow?.stop()
  await rm(root, { recursive: true, force: true })
})

type World = {
  readonly folder: string
  readonly keys: SealedKeys
  readonly book: WalletBook
  readonly create: (more: Partial<CreateWalletsOptions>) => ReturnType<typeof createWallets>
}

async function openWorld(name: string): Promise<World> {
  const folder = join(root, name)
  const store = await createFileKeyStore({ folder: join(folder, 'keys') })
  const keys = createSealedKeys({ kms: createFreeKms().client, keyId: keyArn, store })
  const book = await createFileWalletBook({ folder: join(folder, 'book') })
  const create: World['create'] = (more) =>
    createWallets({ keys, book, payer: treasury, accessNode: flow.url, ...more })
  return { folder, keys, book, create }
}

/** Runs the creator until it kills itself. */
async function killed(folder: string, kill: readonly [string, number], count: number) {
  const options = { url: flow.url, folder, count, batchSize: 2, kill }
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [, signal] = await once(child, 'close')
  expect({ said, signal }).toEqual({ said: '', signal: 'SIGKILL' })
}

/** On the chain each wallet has its own account, of its own key alone. */
async function expectOnChain({ keys }: World, wallets: readonly Wallet[]): Promise<void> {
  expect(new Set(wallets.map(({ address }) => address)).size).toBe(wallets.length)
  for (const { id, address, publicKey } of wallets) {
    const authorizer = KmsAuthorizer.fromSigners(keys.signer(id))
    const account = await showAccount({ accessNode: flow.url, address, authorizer })
    expect(account).toMatchObject({ canAuthorize: true, keys: [{ publicKey, weight: 1000 }] })
    expect(account.keys).toHaveLength(1)
  }
}

describe('a run that is killed', () => {
  it('is gone on with, wherever it was, and no wallet has two accounts', async () => {
    const world = await openWorld('kills')
    const from = (await latestSealedHeight(flow.url)) + 1
    const kills = [
      ['sealed', 1],
      ['signing', 1],
      ['kept', 2], // the first step that keeps takes over what a run before has left
      ['sending', 1],
      ['sent', 2],
      ['looking', 1],
      ['added', 1],
      ['settled', 2],
    ] as const
    let count = 0
    for (const kill of kills) {
      count += 3
      await killed(world.folder, kill, count)
      // Twice, every other time: what is left is left to the next.
      if (count % 2 === 0) continue
      const made = await world.create({ count, prefix: 'user-', batchSize: 2 })
      expect(made.wallets).toHaveLength(count)
      expect(await countAccountsMade(flow.url, from)).toBe(count)
    }
    const { wallets, created } = await world.create({ count, prefix: 'user-' })
    expect({ made: await countAccountsMade(flow.url, from), count }).toEqual({
      made: 24,
      count: 24,
    })
    expect(created).toBeLessThanOrEqual(3)
    await expectOnChain(world, wallets)
  }, 180_000)
})

describe('wallets on the chain', () => {
  it('are on both curves and hashes, and each moves its own FLOW', async () => {
    const world = await openWorld('curves')
    const accessNode = flow.url
    const made: Wallet[] = []
    for (const algorithm of ['ECDSA_secp256k1', 'ECDSA_P256'] as const)
      for (const hashAlgorithm of ['SHA2_256', 'SHA3_256'] as const) {
        const ids = [`${algorithm}-${hashAlgorithm}`]
        const { wallets } = await world.create({ ids, algorithm, hashAlgorithm })
        made.push(...wallets)
      }
    await expectOnChain(world, made)
    const { address: from, authorizer } = treasury
    for (const [place, { address, id }] of made.entries()) {
      await sendFlow({ accessNode, authorizer, address: from, to: address, amount: '1' })
      const to = made[(place + 1) % made.length]?.address ?? ''
      const own = KmsAuthorizer.fromSigners(world.keys.signer(id), { accessNode })
      // Once by itself, and once for a fee that the treasury pays.
      const move = { accessNode, authorizer: own, address, to, amount: '0.25' }
      const before = (await showAccount({ accessNode, address: to })).balance
      await sendFlow(move)
      await sendFlow({ ...move, payer: treasury })
      const { balance } = await showAccount({ accessNode, address: to })
      expect(balance - before).toBe(50_000_000n)
    }
  })

  it('a foreign account with the same key is not taken for that of the wallet', async () => {
    const world = await openWorld('foreign')
    const { publicKey } = await world.keys.create('alice', { algorithm: 'ECDSA_P256' })
    const key = { publicKey, signatureAlgorithm: 'ECDSA_P256', weight: 1000 } as const
    const foreign = await createAccount({ accessNode: flow.url, payer: treasury, keys: [key] })
    const { wallets } = await world.create({ ids: ['alice'], algorithm: 'ECDSA_P256' })
    expect(wallets[0]?.address).not.toBe(foreign.address)
    await expectOnChain(world, wallets)
  })

  it('a treasury without FLOW makes nothing, and says so; one with FLOW goes on', async () => {
    const world = await openWorld('poor')
    const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
    const { bytes, algorithm } = await signer.publicKey()
    const publicKey = Buffer.from(bytes).toString('hex')
    const poor = await createAccount({
      accessNode: flow.url,
      payer: treasury,
      keys: [{ publicKey, signatureAlgorithm: algorithm, weight: 1000 }],
    })
    const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: flow.url })
    const payer = { address: poor.address, authorizer }
    const from = (await latestSealedHeight(flow.url)) + 1
    await expect(world.create({ count: 2, prefix: 'p', payer })).rejects.toEqual(
      code('TRANSACTION_FAILED', {
        reason: expect.stringMatching(/balance|storage|Cannot withdraw/),
      }),
    )
    expect(await countAccountsMade(flow.url, from)).toBe(0)
    expect(await world.create({ count: 2, prefix: 'p' })).toMatchObject({ created: 2 })
  })

  it('as many as a transaction takes are made in one', async () => {
    const world = await openWorld('batch')
    const made = await world.create({ count: 30, prefix: 'p', batchSize: 30 })
    expect(made).toMatchObject({ created: 30, transactionIds: [expect.any(String)] })
    await expectOnChain(world, made.wallets)
  })
})
