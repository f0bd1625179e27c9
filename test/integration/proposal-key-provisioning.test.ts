import { run } from '../../src/cli/run.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import {
  type AddProposalKeysOptions,
  addProposalKeys,
  type BatchReport,
  showAccount,
} from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type FlowChain, type KeySpec, noop, startChainAndKms } from '../support/flow-chain.ts'
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

const software = () => createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' })
const kmsSigner = async () =>
  createAwsKmsSigner({ client: kms.client, keyId: await kms.createKey() })
const refusal = (code: string, context: object = {}) =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })
const anId = expect.stringMatching(/^[0-9a-f]{64}$/)
const hexOf = async (signer: Signer) =>
  Buffer.from((await signer.publicKey()).bytes).toString('hex')

/** An account with these keys, and what grows it. */
async function accountOf(keys: readonly KeySpec[], signers = keys.map(({ signer }) => signer)) {
  const address = await chain.createAccount(keys)
  const signed: string[] = []
  const authorizer = KmsAuthorizer.fromSigners([...new Set(signers)], {
    accessNode: chain.url,
    onSign: ({ signerId }) => signed.push(signerId),
  })
  const grow = (more: Partial<AddProposalKeysOptions>) =>
    addProposalKeys({ accessNode: chain.url, address, authorizer, ...more })
  const keysOf = async () => (await showAccount({ accessNode: chain.url, address })).keys
  return { address, authorizer, grow, keysOf, signed }
}

describe('a pool on an account of two KMS keys', () => {
  it('grows by copies of the first, of weight 0, which propose without a KMS call of their own', async () => {
    const [one, two] = [await kmsSigner(), await kmsSigner()]
    const { address, authorizer, grow, keysOf } = await accountOf([
      { signer: one, weight: 500, hashAlgorithm: 'SHA2_256' },
      { signer: two, weight: 500 },
    ])
    await authorizer.proposalKey(address) // the authorizer now remembers an account of two keys
    const before = kms.calls.get('Sign') ?? 0
    const grown = await grow({ count: 120, chainId: 'flow-emulator' })
    expect(kms.calls.get('Sign')).toBe(before + 2)
    expect(grown).toEqual({
      address,
      publicKey: await hexOf(one),
      keyIndex: 0,
      signatureAlgorithm: 'ECDSA_secp256k1',
      hashAlgorithm: 'SHA2_256',
      keyIndexes: [...Array(120)].map((_, index) => index + 2),
      transactionIds: [anId],
      total: 120,
    })
    const keys = await keysOf()
    expect(keys).toHaveLength(122)
    expect(keys.filter(({ weight }) => weight > 0).map(({ index }) => index)).toEqual([0, 1])
    const { publicKey } = grown
    for (const key of keys.slice(2))
      expect(key).toMatchObject({ publicKey, hashAlgorithm: 'SHA2_256', weight: 0, revoked: false })

    const proposalKeyIndex = grown.keyIndexes.at(-1) ?? -1
    const authz = authorizer.authorize(address, { proposalKeyIndex })
    const { errorMessage } = await chain.send({ cadence: noop, authz })
    expect(errorMessage).toBe('')
    expect(kms.calls.get('Sign')).toBe(before + 4)
    expect(await chain.sequenceNumber(address, proposalKeyIndex)).toBe(1)
  })

  it('lets no copy authorize, nor all of them', async () => {
    const [one, two] = [software(), software()]
    const { address, grow } = await accountOf([
      { signer: one, weight: 500 },
      { signer: two, weight: 500 },
    ])
    const { keyIndexes } = await grow({ count: 3 })
    const alone = KmsAuthorizer.fromSigners(one, { accessNode: chain.url })
    const all = chain.send({ cadence: noop, authz: alone.authorize(address, [0, ...keyIndexes]) })
    expect((await all).errorCodes).toContain(1055)
  })
})

describe('a pool of a number of keys', () => {
  it('is filled up to its total, and not again', async () => {
    const signer = software()
    const { grow, keysOf, signed } = await accountOf([
      { signer, weight: 1000 },
      { signer, weight: 0 },
      { signer, weight: 0, hashAlgorithm: 'SHA2_256' }, // another signature: no copy
      { signer: software(), weight: 0 },
    ])
    const first = await grow({ total: 5 })
    expect(first).toMatchObject({ keyIndexes: [4, 5, 6, 7], total: 5 })
    expect(await grow({ total: 5 })).toMatchObject({
      keyIndexes: [],
      transactionIds: [],
      total: 5,
    })
    expect(await grow({ total: 3 })).toMatchObject({ keyIndexes: [], total: 5 })
    expect(signed).toHaveLength(1)
    expect(await keysOf()).toHaveLength(8)
  })

  it('counts no copy that is revoked', async () => {
    const signer = software()
    const { address, authorizer, grow } = await accountOf([
      { signer, weight: 1000 },
      { signer, weight: 0 },
    ])
    await chain.revokeKey(authorizer.authorize(address), 1)
    expect(await grow({ total: 1 })).toMatchObject({ keyIndexes: [2], total: 1 })
  })

  it('grows to a thousand, transaction by transaction, and tells after each', async () => {
    const { grow, keysOf, signed } = await accountOf([{ signer: software(), weight: 1000 }])
    const reports: BatchReport[] = []
    const grown = await grow({ count: 1_000, onBatch: (report) => reports.push(report) })
    expect(grown.keyIndexes).toEqual([...Array(1_000)].map((_, index) => index + 1))
    expect(reports.map(({ added, asked }) => `${added} of ${asked}`)).toEqual([
      '250 of 1000',
      '500 of 1000',
      '750 of 1000',
      '1000 of 1000',
    ])
    expect(reports.map(({ transactionId }) => transactionId)).toEqual(grown.transactionIds)
    expect(signed).toHaveLength(4)
    const keys = await keysOf()
    expect(keys.filter(({ weight }) => weight === 0)).toHaveLength(1_000)
  })

  it('copies the key that is named', async () => {
    const [one, two] = [software(), software()]
    const { grow } = await accountOf([
      { signer: one, weight: 500 },
      { signer: two, weight: 500 },
    ])
    const publicKey = await hexOf(two)
    const grown = await grow({ count: 1, publicKey: publicKey.toUpperCase() })
    expect(grown).toMatchObject({ publicKey, keyIndex: 1, keyIndexes: [2] })
  })

  it('goes on after a failure midway, which tells how far it came', async () => {
    const { grow, keysOf } = await accountOf([{ signer: software(), weight: 1000 }])
    const controller = new AbortController()
    const cut = grow({
      count: 300,
      signal: controller.signal,
      onBatch: () => controller.abort(new Error('enough')),
    })
    await expect(cut).rejects.toEqual(
      refusal('PROPOSAL_KEYS_INCOMPLETE', { added: 250, asked: 300, transactionId: anId }),
    )
    const [, ...copies] = await keysOf()
    expect(copies).toHaveLength(250)
    expect((await grow({ total: 300 })).keyIndexes).toHaveLength(50)
  })
})

describe('nothing is signed', () => {
  it.each([
    ['two holders', 500, 500],
    ['one holder', 1000, 1000],
    ['a little', 1000, 1],
  ])('when a copy carries weight already, which looks like %s', async (_, weight, second) => {
    const signer = software()
    const { grow, keysOf, signed } = await accountOf([
      { signer, weight },
      { signer: software(), weight: 500 },
      { signer, weight: second },
    ])
    const refused = refusal('INVALID_WEIGHT', {
      weight: `${weight} + ${second}`,
      reason: expect.stringContaining('the keys of index 0, 2 have the same public key'),
    })
    await expect(grow({ count: 1 })).rejects.toEqual(refused)
    expect(signed).toEqual([])
    expect(await keysOf()).toHaveLength(3)
  })

  it('when a copy of somebody else carries weight', async () => {
    const [signer, other] = [software(), software()]
    const { grow } = await accountOf(
      [
        { signer, weight: 1000 },
        { signer: other, weight: 500 },
        { signer: other, weight: 500 },
      ],
      [signer],
    )
    await expect(grow({ total: 9 })).rejects.toEqual(refusal('INVALID_WEIGHT'))
  })

  it('but once the copy with weight is revoked', async () => {
    const signer = software()
    const { address, authorizer, grow } = await accountOf([
      { signer, weight: 1000 },
      { signer, weight: 1000 },
    ])
    await chain.revokeKey(authorizer.authorize(address, 0), 1)
    expect(await grow({ count: 1 })).toMatchObject({ keyIndexes: [2] })
  })

  it('without enough weight, without a key, and without an account', async () => {
    const [one, two] = [software(), software()]
    const keys = [
      { signer: one, weight: 500 },
      { signer: two, weight: 500 },
    ]
    const { grow: half, address, signed } = await accountOf(keys, [one])
    await expect(half({ count: 1 })).rejects.toEqual(
      refusal('WEIGHT_TOO_LOW', { address, weight: 500, required: 1000 }),
    )
    const { grow: none } = await accountOf(keys, [software()])
    await expect(none({ count: 1 })).rejects.toEqual(refusal('NO_KEY_HELD'))
    const sixtieth = '0x07477ebf1f4d4c21' // of the chain, and none has been made there
    await expect(half({ count: 1, address: sixtieth })).rejects.toEqual(
      refusal('ACCOUNT_NOT_FOUND'),
    )
    await expect(half({ count: 1, chainId: 'flow-mainnet' })).rejects.toEqual(
      refusal('CHAIN_MISMATCH'),
    )
    expect(signed).toEqual([])
  })

  it('for a key that is another’s, revoked, or nowhere', async () => {
    const [one, two, other] = [software(), software(), software()]
    const { address, authorizer, grow } = await accountOf(
      [
        { signer: one, weight: 1000 },
        { signer: two, weight: 1000 },
        { signer: other, weight: 0 },
      ],
      [one, two],
    )
    await chain.revokeKey(authorizer.authorize(address, 0), 1)
    const [revoked, notHeld, nowhere] = await Promise.all([two, other, software()].map(hexOf))
    const copy = (publicKey = '') => grow({ count: 1, publicKey })
    await expect(copy(revoked)).rejects.toEqual(refusal('KEY_REVOKED', { keyIndex: 1 }))
    await expect(copy(notHeld)).rejects.toEqual(refusal('KEY_NOT_HELD', { keyIndex: 2 }))
    await expect(copy(nowhere)).rejects.toEqual(refusal('INVALID_OPTION', { option: 'publicKey' }))
  })
})

it('tells a transaction that the chain refused as it is, when nothing was added', async () => {
  const { grow, keysOf } = await accountOf([{ signer: software(), weight: 1000 }])
  const failing = grow({ count: 100, computeLimit: 50 })
  await expect(failing).rejects.toEqual(
    refusal('TRANSACTION_FAILED', { errorCodes: expect.arrayContaining([1110]) }),
  )
  expect(await keysOf()).toHaveLength(1)
})

describe('fcl-kms accounts add-proposal-keys', () => {
  /** Runs in this process, with credentials where the AWS SDK looks for them. */
  async function cli(args: readonly string[]) {
    const notes: string[] = []
    const { signal } = new AbortController()
    const world = { env: {}, signal, note: (line: string) => notes.push(line), stdin: nothing() }
    const outcome = await run(['accounts', 'add-proposal-keys', ...args], world)
    return { ...outcome, notes }
  }
  async function* nothing(): AsyncGenerator<string> {}

  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
  const before = names.map((name) => process.env[name])
  beforeAll(() => {
    for (const name of names) process.env[name] = 'test'
  })
  afterAll(() => {
    for (const [place, name] of names.entries())
      if (before[place] === undefined) delete process.env[name]
      else process.env[name] = before[place]
  })

  it('adds n, tells each transaction on the way, and with --total adds no more', async () => {
    const [one, two] = await Promise.all([kms.createKey(), kms.createKey()])
    const keys = [one, two].map((keyId) => ({
      signer: createAwsKmsSigner({ client: kms.client, keyId }),
      weight: 500,
    }))
    const { address } = await accountOf(keys)
    const { endpoint, region } = kms.aws
    const options = ['--access-node', chain.url, '--endpoint', endpoint, '--region', region]
    const args = [...options, '--address', address, '--key', one, '--key', two]

    const text = await cli(['251', ...args])
    expect(text).toMatchObject({ stderr: '', exitCode: 0 })
    expect(text.stdout.split('\n')).toEqual([
      `address        ${address}`,
      'copied         index 0, ECDSA_secp256k1, SHA3_256',
      expect.stringMatching(/^public key {5}[0-9a-f]{128}$/),
      'added          251',
      'indexes        2-252',
      'copies in all  251',
      '',
    ])
    expect(text.notes).toEqual([
      expect.stringMatching(/^added 250 of 251, transaction [0-9a-f]{64}$/),
      expect.stringMatching(/^added 251 of 251, transaction [0-9a-f]{64}$/),
    ])

    const json = await cli(['252', '--total', ...args, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ keyIndexes: [253], total: 252 })
    const again = await cli(['252', '--total', ...args])
    expect(again.stdout).toMatch(/\nadded +0\ncopies in all +252\n$/)
    expect(again.notes).toEqual([])
    const half = await cli(['1', ...args.slice(0, -2), '--json'])
    expect(JSON.parse(half.stdout).error.code).toBe('WEIGHT_TOO_LOW')
    expect(half.exitCode).toBe(1)
  })
})
