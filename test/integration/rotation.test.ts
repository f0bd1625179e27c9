import {
  abortRotation,
  kmsVault,
  type RotationEvent,
  type RotationStep,
  resumeRotation,
  rotateKey,
  rotationStatus,
  showAccount,
  signerVault,
} from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createMemoryStore } from '../../src/stores/index.ts'
import { type FlowChain, startChainAndKms } from '../support/flow-chain.ts'
import {
  hexOf,
  holding,
  ROTATED_KEYS,
  refusal,
  rotated,
  rotatedAccount,
  send,
  software,
  twoHolders,
  untouched,
} from '../support/key-rotation.ts'
import type { TestKms } from '../support/kms.ts'

let chain: FlowChain
let kms: TestKms

beforeAll(async () => {
  console.error = () => undefined // FCL prints every failure; the console is this file's own
  ;({ chain, kms } = await startChainAndKms())
})

afterAll(async () => {
  await Promise.all([chain?.[Symbol.asyncDispose](), kms?.[Symbol.asyncDispose]()])
})

const kmsSigner = (keyId: string) => createAwsKmsSigner({ client: kms.client, keyId })
const keysOf = async (address: string) =>
  (await showAccount({ accessNode: chain.url, address })).keys

describe('a rotation of a KMS key', () => {
  it('puts a new key in the place of the one that holds the account alone', async () => {
    const signer = kmsSigner(await kms.createKey())
    const { address, options } = await rotatedAccount(chain, [
      { signer, weight: 1000 },
      { signer, weight: 0 },
      { signer, weight: 0 },
    ])
    const events: RotationEvent[] = []
    const vault = kmsVault({ client: kms.client })
    const report = await rotateKey({ ...options, vault, onStep: (event) => events.push(event) })
    expect(report).toMatchObject({ state: 'done', step: 'done', address })
    expect(events.map(({ step }) => step)).toEqual(report.plan.steps)
    expect(report.history).toEqual(events.map(({ id: _, address: __, ...entry }) => entry))
    const keys = await keysOf(address)
    expect(keys.filter(({ revoked }) => revoked).map(({ index }) => index)).toEqual([0, 1, 2])
    const fresh = keys.filter(({ revoked }) => !revoked)
    expect(fresh.map(({ weight }) => weight)).toEqual([0, 0, 1000])
    const { reference = '', publicKey, keyIndexes, weightedIndex } = report.newKey ?? {}
    expect({ keyIndexes, weightedIndex }).toEqual({ keyIndexes: [3, 4, 5], weightedIndex: 5 })
    expect(new Set(fresh.map((key) => key.publicKey))).toEqual(new Set([publicKey]))
    expect(await send(chain, address, kmsSigner(reference))).toBe('')
  })

  it('leaves the other holder of 500+500 what it has, with another curve and hash', async () => {
    const [one, two] = [kmsSigner(await kms.createKey()), kmsSigner(await kms.createKey())]
    const { address, options } = await rotatedAccount(chain, [
      { signer: two, weight: 500 },
      { signer: one, weight: 500, hashAlgorithm: 'SHA2_256' },
    ])
    const vault = kmsVault({ client: kms.client, spec: 'ECC_NIST_P256' })
    const report = await rotateKey({ ...options, vault, hashAlgorithm: 'SHA2_256', copies: 3 })
    expect(report.state).toBe('done')
    expect((await keysOf(address)).filter(({ revoked }) => !revoked)).toMatchObject([
      { index: 1, weight: 500, signatureAlgorithm: 'ECDSA_secp256k1' },
      ...[2, 3, 4].map((index) => ({ index, weight: 0, signatureAlgorithm: 'ECDSA_P256' })),
      { index: 5, weight: 500, signatureAlgorithm: 'ECDSA_P256', hashAlgorithm: 'SHA2_256' },
    ])
    expect(await send(chain, address, one, kmsSigner(report.newKey?.reference ?? ''))).toBe('')
  })
})

it('takes more transactions for more copies than fit in one', async () => {
  const signer = software()
  const copy = { signer, weight: 0 }
  const { address, options, shares } = await rotatedAccount(chain, [
    { signer, weight: 1000 },
    ...Array<typeof copy>(260).fill(copy),
  ])
  const { plan, history } = await rotateKey(options)
  expect(plan.transactions.map(({ purpose, adds, revokes }) => [purpose, adds, revokes])).toEqual([
    ['add', 1, 0],
    ['prove', 250, 0],
    ['prove', 9, 0],
    ['swap', 1, 250],
    ['revoke', 0, 11],
  ])
  // Each of them once: those of one step in lines of their own, but for its last.
  const ids = history.flatMap(({ transactionId = [] }) => transactionId)
  expect(new Set(ids).size).toBe(plan.transactions.length)
  expect(history.map(({ text }) => text).join('\n')).not.toMatch(/no effect|is over/)
  expect(await shares()).toEqual({
    old: { weight: 0, copies: 0 },
    fresh: { weight: 1000, copies: 260 },
  })
  expect(await keysOf(address)).toHaveLength(261 + 261)
})

it('gives pools the new copies, and takes the old ones away for good', async () => {
  const { address, options } = await twoHolders(chain)
  const store = createMemoryStore()
  const old = [2, 3].map((keyIndex) => ({ keyIndex, sequenceNumber: 0n }))
  await store.enrollKeys(address, old)
  const reached: string[] = []
  const onStep = async ({ step }: RotationEvent) => {
    const rows = await store.listKeys(address)
    reached.push(`${step} ${rows.filter(({ state }) => state === 'free').length}`)
  }
  await rotateKey({ ...options, pools: [{ store }], onStep: (event) => void onStep(event) })
  expect(reached).toContain('drain 0')
  const rows = (await store.listKeys(address)).map(({ keyIndex, state }) => `${keyIndex} ${state}`)
  expect(rows).toEqual(['2 quarantined', '3 quarantined', '4 free', '5 free'])
})

it('refuses to go on without the stores of which it holds the rows', async () => {
  const { address, options, resuming, aborting } = await twoHolders(chain)
  const store = createMemoryStore()
  await store.enrollKeys(address, [{ keyIndex: 2, sequenceNumber: 0n }])
  const pools = [{ store }]
  await rotateKey({ ...options, pools, stopBefore: 'resume' })
  const refused = refusal('INVALID_OPTION', { option: 'pools' })
  await expect(resumeRotation(resuming)).rejects.toEqual(refused)
  await expect(abortRotation(aborting)).rejects.toEqual(refused)
  // Too late to go back: the rows of keys that are revoked go to nobody.
  await expect(abortRotation({ ...aborting, pools })).rejects.toEqual(refusal('ROTATION_TOO_LATE'))
  expect(await store.listKeys(address)).not.toContainEqual(
    expect.objectContaining({ state: 'free' }),
  )
  expect(await resumeRotation({ ...resuming, pools })).toMatchObject({ state: 'done' })
})

it('rotates a key that has come back since it was rotated', async () => {
  const { address, options, old, fresh, two } = await twoHolders(chain)
  const { id } = await rotateKey(options)
  const third = software()
  const authorizer = holding(chain, old, fresh, two)
  await chain.addKeys(authorizer.authorize(address), [{ signer: old, weight: 1 }])
  const again = await rotateKey({ ...options, authorizer, vault: signerVault(third) })
  expect(again.state).toBe('done')
  expect(again.id).not.toBe(id)
  expect(again.newKey).toMatchObject({ publicKey: await hexOf(third) })
})

describe('called again', () => {
  it('tells a rotation that is done, and makes nothing anew', async () => {
    const { options, resuming, aborting, shares, keyCount } = await twoHolders(chain)
    const report = await rotateKey(options)
    expect(await shares()).toEqual(rotated)
    expect(await rotateKey(options)).toEqual(report)
    expect(await resumeRotation(resuming)).toEqual(report)
    const { accessNode, address, rotations } = options
    expect(await rotationStatus({ accessNode, address, rotations })).toEqual(report)
    await expect(abortRotation(aborting)).rejects.toEqual(refusal('ROTATION_TOO_LATE'))
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })

  it('goes on before the step that it stopped at, in a process that knows nothing', async () => {
    const { options, resuming, shares, keyCount } = await twoHolders(chain)
    const steps: RotationStep[] = ['add', 'prove', 'sign', 'drain', 'swap', 'revoke', 'verify']
    for (const stopBefore of steps)
      expect(await rotateKey({ ...options, stopBefore })).toMatchObject({
        state: 'stopped',
        step: stopBefore,
      })
    expect(await resumeRotation(resuming)).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual(rotated)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })
})

describe('nothing is begun', () => {
  it('while another key of the account is being rotated', async () => {
    const { options, two, shares } = await twoHolders(chain)
    const { id } = await rotateKey({ ...options, stopBefore: 'add' })
    const other = { ...options, publicKey: await hexOf(two) }
    const { address } = options
    await expect(rotateKey(other)).rejects.toEqual(
      refusal('ROTATION_OPEN', { address, id, step: 'add' }),
    )
    await expect(rotateKey({ ...other, emergency: true })).rejects.toEqual(refusal('ROTATION_OPEN'))
    expect(await shares()).toEqual(untouched)
  })

  it('for a key that is the old one, another holder’s, or on another chain', async () => {
    const { options, two, shares } = await twoHolders(chain)
    const vault = signerVault(two)
    await expect(rotateKey({ ...options, vault })).rejects.toEqual(
      refusal('INVALID_OPTION', { option: 'vault' }),
    )
    await expect(rotateKey({ ...options, chainId: 'flow-mainnet' })).rejects.toEqual(
      refusal('CHAIN_MISMATCH'),
    )
    expect(await shares()).toEqual(untouched)
  })

  it('where there is no rotation to go on with', async () => {
    const { resuming, aborting, options } = await twoHolders(chain)
    const { accessNode, address, rotations } = options
    const none = refusal('ROTATION_NOT_FOUND', { address })
    await expect(resumeRotation(resuming)).rejects.toEqual(none)
    await expect(abortRotation(aborting)).rejects.toEqual(none)
    await expect(rotationStatus({ accessNode, address, rotations })).rejects.toEqual(none)
  })
})

it('stops when somebody else changes the weights on the way, and can then only be closed', async () => {
  const { address, options, resuming, aborting, old, two, shares } = await twoHolders(chain)
  await rotateKey({ ...options, stopBefore: 'sign' })
  const authz = holding(chain, old, two).authorize(address)
  await chain.addKeys(authz, [{ signer: software(), weight: 1 }])
  await expect(resumeRotation(resuming)).rejects.toEqual(
    refusal('ROTATION_WEIGHTS_CHANGED', { address, step: 'sign' }),
  )
  expect(await abortRotation(aborting)).toMatchObject({ state: 'aborted' })
  expect(await shares()).toEqual(untouched)
})
