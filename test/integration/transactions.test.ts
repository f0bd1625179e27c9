/** Parties that share nothing but files: prepared, signed, approved and sent on a real chain. @module */
import { execFile } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { curves } from '../../src/crypto/algorithms.ts'
import {
  normalizeRaw,
  spkiToPublicKey,
  type Transaction,
  transactionId,
} from '../../src/crypto/index.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import { emulatorPayer } from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { startEmulator } from '../../src/testing/start-emulator.ts'
import {
  approveTransaction,
  decodeTransactionFile,
  encodeTransactionFile,
  messageToSign,
  type PrepareOptions,
  prepareTransaction,
  sendTransaction,
  signTransaction,
} from '../../src/transactions/index.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { startKms, type TestKms } from '../support/kms.ts'

let chain: FlowChain
let kms: TestKms

beforeAll(async () => {
  ;[chain, kms] = await Promise.all([
    startChain({ blockTimeMs: 50, extraFlags: ['--storage-limit=false'] }),
    startKms(),
  ])
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
  await kms?.[Symbol.asyncDispose]()
})

const software = () => createSoftwareSigner({ algorithm: 'ECDSA_P256' })
const cadence = (signers: number) =>
  `transaction(note: String) { prepare(${[...Array(signers)].map((_, n) => `s${n}: &Account`).join(', ')}) { log(note) } }`
const note = (value: string) => ({ type: 'String', value })

/** One party: what it gets and gives is the text of a file. */
function partyOf(address: string, signer: Signer | readonly Signer[]) {
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: chain.url })
  return async (file: string, options: { partial?: boolean; keyIndexes?: number } = {}) => {
    const { transaction, format } = decodeTransactionFile(file)
    const signed = await signTransaction({ authorizer, address, transaction, ...options })
    return encodeTransactionFile(signed, format)
  }
}

const read = (file: string): Transaction => decodeTransactionFile(file).transaction
const prepare = (
  options: Pick<PrepareOptions, 'proposer' | 'payer' | 'authorizers'>,
  source = cadence(options.authorizers?.length ?? 0),
) =>
  prepareTransaction({
    accessNode: chain.url,
    chainId: 'flow-emulator',
    cadence: source,
    arguments: [note('hello')],
    computeLimit: 100,
    ...options,
  })
const approve = (transaction: Transaction, files: readonly string[]) =>
  approveTransaction({ accessNode: chain.url, transaction, signed: files.map(read) })
const send = (transaction: Transaction) => sendTransaction({ accessNode: chain.url, transaction })

/** Accounts of software keys by their weights, several made in one transaction. */
const stock = new Map<string, Promise<{ signers: readonly Signer[]; addresses: string[] }>>()

async function take(weights: readonly number[]) {
  const name = weights.join()
  const made = stock.get(name) ?? make(weights)
  stock.set(name, made)
  const { signers, addresses } = await made
  const address = addresses.pop()
  if (address !== undefined) return { signers, address }
  if (stock.get(name) === made) stock.delete(name)
  return take(weights)
}

async function make(weights: readonly number[]) {
  const signers = weights.map(software)
  const keys = signers.map((signer, index) => ({ signer, weight: weights[index] ?? 0 }))
  return { signers, addresses: [...(await chain.createAccounts(keys, 4))] }
}

/** An account of weighted keys, each with a party of its own. */
async function shared(weights: readonly number[]) {
  const { signers, address } = await take(weights)
  const parties = signers.map((signer) => partyOf(address, signer))
  const roles = { proposer: { address }, payer: address, authorizers: [address] }
  return { address, parties, roles, signers }
}

describe('an account whose keys are in several hands', () => {
  it('of 400, 300 and 300 tells who is missing until the last has signed, in files of JSON', async () => {
    const { address, parties, roles } = await shared([400, 300, 300])
    const { transaction } = await prepare(roles)
    const file = encodeTransactionFile(transaction, 'json')
    const files: string[] = []
    for (const [index, sign] of parties.entries()) {
      const before = await approve(transaction, files)
      expect(before.parties[0]?.unsigned.map(({ keyIndex }) => keyIndex)).toContain(index)
      await expect(send(before.transaction)).rejects.toMatchObject({
        code: 'SIGNATURES_MISSING',
        context: { missing: expect.stringContaining(`${address} (proposer, payer, authorizer)`) },
      })
      files.push(await sign(file, { partial: true }))
    }
    expect(await chain.sequenceNumber(address, 0)).toBe(0)
    const whole = await approve(transaction, files)
    await send(whole.transaction)
    expect(await chain.sequenceNumber(address, 0)).toBe(1)
  })

  it('passes one file from hand to hand, as the Flow CLI is used', async () => {
    const { parties, roles } = await shared([400, 300, 300])
    const { transaction } = await prepare(roles)
    let file = encodeTransactionFile(transaction)
    for (const sign of parties) file = await sign(file, { partial: true })
    const { ready } = await approve(transaction, [file])
    expect(ready).toBe(true)
    await send(read(file))
  })

  it('is refused whole weight by one hand, unless it says that others sign too', async () => {
    const { parties, roles } = await shared([500, 500])
    const file = encodeTransactionFile((await prepare(roles)).transaction)
    await expect(parties[0]?.(file)).rejects.toMatchObject({ code: 'WEIGHT_TOO_LOW' })
    await expect(parties[1]?.(file, { keyIndexes: 1 })).resolves.toEqual(expect.any(String))
  })
})

describe('a payer who is neither proposer nor authorizer', () => {
  async function three() {
    const [proposer, author, payer] = await Promise.all([
      shared([1000]),
      shared([500, 500]),
      shared([1000]),
    ])
    const { transaction } = await prepare({
      proposer: { address: proposer.address },
      authorizers: [author.address],
      payer: payer.address,
    })
    return { proposer, author, payer, transaction, file: encodeTransactionFile(transaction) }
  }

  it('signs last, over the signatures of all others', async () => {
    const { proposer, author, payer, transaction, file } = await three()
    await expect(payer.parties[0]?.(file)).rejects.toMatchObject({
      code: 'SIGNATURES_MISSING',
      context: { missing: expect.not.stringContaining('payer') },
    })
    const files = await Promise.all([
      proposer.parties[0]?.(file) ?? '',
      ...author.parties.map((sign) => sign(file, { partial: true })),
    ])
    const payload = await approve(transaction, files)
    expect(payload).toMatchObject({ ready: false, next: [payer.address] })
    const last = await payer.parties[0]?.(encodeTransactionFile(payload.transaction))
    const whole = await approve(transaction, [...files, last ?? ''])
    expect(whole.parties).toMatchObject([
      { roles: ['proposer'], required: 0, proposalKey: { keyIndex: 0, signed: true } },
      { roles: ['payer'], part: 'envelope', weight: 1000, required: 1000 },
      { roles: ['authorizer'], part: 'payload', weight: 1000, required: 1000 },
    ])
    await send(whole.transaction)
  })

  it('has signed something else when a signature of the payload comes later', async () => {
    const { proposer, author, payer, transaction, file } = await three()
    const first = await proposer.parties[0]?.(file)
    const [one, two] = await Promise.all(
      author.parties.map((sign) => sign(file, { partial: true })),
    )
    const early = await approve(transaction, [first ?? '', one ?? ''])
    // By other means, since ours refuse: the payer signs too early.
    const { message } = messageToSign(early.transaction, payer.address)
    const signature = (await payer.signers[0]?.sign({ message, hashAlgorithm: 'SHA3_256' })) ?? none
    const signatures = [{ address: payer.address, keyIndex: 0, signature }]
    const signed = { ...early.transaction, envelopeSignatures: signatures }
    await expect(author.parties[1]?.(encodeTransactionFile(signed))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
    await expect(
      approve(transaction, [encodeTransactionFile(signed), two ?? '']),
    ).rejects.toMatchObject({
      code: 'SIGNATURE_REFUSED',
      context: { part: 'envelope', address: payer.address },
    })
  })
})

const none = new Uint8Array()

/** The same signature with s in the upper half, as other tools give it every second time. */
function upper(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
  const high = (curves.ECDSA_P256.order - s).toString(16).padStart(64, '0')
  return new Uint8Array([...signature.subarray(0, 32), ...Buffer.from(high, 'hex')])
}

describe('a party that signs by other means', () => {
  /** A key of node:crypto alone: r‖s, s as it falls, or moved to the upper half. */
  function ownKey(hash: 'sha256' | 'sha3-256') {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const { bytes, algorithm } = spkiToPublicKey(publicKey.export({ format: 'der', type: 'spki' }))
    const signer: Signer = {
      id: 'own',
      publicKey: async () => ({ bytes, algorithm }),
      sign: async () => none,
    }
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
    return { signer, sign: (message: Uint8Array) => new Uint8Array(sign(hash, message, key)) }
  }

  it('hands back r‖s alone, with s in either half, made with the hash of its account key', async () => {
    const [ours, own] = [software(), ownKey('sha256')]
    const address = await chain.createAccount([
      { signer: ours, weight: 500 },
      { signer: own.signer, weight: 500, hashAlgorithm: 'SHA2_256' },
    ])
    const { transaction } = await prepare({ proposer: { address }, payer: address })
    const file = await partyOf(address, ours)(encodeTransactionFile(transaction), { partial: true })
    const { part, message } = messageToSign(transaction, address)
    expect(part).toBe('envelope')
    const signature = upper(normalizeRaw(own.sign(message), 'ECDSA_P256'))
    const { ready, transaction: whole } = await approveTransaction({
      accessNode: chain.url,
      transaction,
      signed: [read(file)],
      signatures: [{ address, keyIndex: 1, signature }],
    })
    expect(ready).toBe(true)
    expect(whole.envelopeSignatures[1]?.signature).toEqual(signature)
    await send(whole)
  })

  it('is told which hash its account key has', async () => {
    const own = ownKey('sha3-256')
    const address = await chain.createAccount([
      { signer: own.signer, weight: 1000, hashAlgorithm: 'SHA2_256' },
    ])
    const { transaction } = await prepare({ proposer: { address }, payer: address })
    const { message } = messageToSign(transaction, address)
    const signatures = [{ address, keyIndex: 0, signature: own.sign(message) }]
    await expect(
      approveTransaction({ accessNode: chain.url, transaction, signatures }),
    ).rejects.toMatchObject({
      code: 'SIGNATURE_REFUSED',
      context: { reason: 'it was made with SHA3_256, and the account key has SHA2_256' },
    })
  })
})

describe('what came back is not believed', () => {
  it('when one party has changed an argument and signed that', async () => {
    const { parties, roles } = await shared([500, 500])
    const { transaction } = await prepare(roles)
    const changed = { ...transaction, arguments: [JSON.stringify(note('more'))] }
    const file = await parties[1]?.(encodeTransactionFile(changed), { partial: true })
    await expect(approve(transaction, [file ?? ''])).rejects.toMatchObject({
      code: 'PAYLOAD_MISMATCH',
      context: { source: 'signed[0]', field: 'arguments[0]' },
    })
    // As the twin says it of the signature alone: it verifies over nothing but what was signed.
    const [moved] = read(file ?? '').envelopeSignatures
    const signatures = moved === undefined ? [] : [moved]
    await expect(
      approveTransaction({ accessNode: chain.url, transaction, signatures }),
    ).rejects.toMatchObject({ code: 'SIGNATURE_REFUSED' })
  })

  it('when the key was revoked since', async () => {
    const { address, parties, roles, signers } = await shared([1000, 1000])
    const { transaction } = await prepare({ ...roles, proposer: { address, keyIndex: 1 } })
    const file = (await parties[1]?.(encodeTransactionFile(transaction))) ?? ''
    expect(await approve(transaction, [file])).toMatchObject({ ready: true })
    const owner = KmsAuthorizer.fromSigners(signers, { accessNode: chain.url })
    await chain.revokeKey(owner.authorize(address, 0), 1)
    await expect(approve(transaction, [file])).rejects.toMatchObject({
      code: 'KEY_REVOKED',
      context: { address, keyIndex: 1 },
    })
  })
})

describe('a transaction is sent once', () => {
  async function signedByOne(source: string = cadence(1)) {
    const { address, parties, roles } = await shared([1000])
    const { transaction } = await prepare(roles, source)
    const sign = async () => read((await parties[0]?.(encodeTransactionFile(transaction))) ?? '')
    return { address, sign }
  }

  it('however often and by however many it is sent', async () => {
    const { address, sign } = await signedByOne()
    const transaction = await sign()
    const together = await Promise.all([send(transaction), send(transaction), send(transaction)])
    const later = await send(transaction)
    expect(new Set([...together, later].map((one) => one.transactionId))).toEqual(
      new Set([transactionId(transaction)]),
    )
    expect(await chain.sequenceNumber(address, 0)).toBe(1)
  })

  it('and a copy under other signatures tells the id under which it was executed', async () => {
    const { address, sign } = await signedByOne()
    const [one, other] = [await sign(), await sign()]
    expect(transactionId(one)).not.toBe(transactionId(other))
    await send(one)
    await expect(send(other)).rejects.toMatchObject({
      code: 'SEQUENCE_NUMBER_MISMATCH',
      context: { address, given: '0', onChain: '1', executedAs: transactionId(one) },
    })
    await expect(sign()).rejects.toMatchObject({ code: 'SEQUENCE_NUMBER_MISMATCH' })
  })

  it('and one of two copies that race is executed', async () => {
    const { address, sign } = await signedByOne()
    const copies = [await sign(), await sign(), await sign()]
    const outcomes = await Promise.allSettled(copies.map(send))
    const [won, ...more] = outcomes.flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    )
    expect(more).toEqual([])
    for (const one of outcomes)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({
          code: 'SEQUENCE_NUMBER_MISMATCH',
          context: { executedAs: won?.transactionId },
        })
    expect(await chain.sequenceNumber(address, 0)).toBe(1)
  })

  it('and one that failed on the chain fails again without being sent', async () => {
    const failing = 'transaction(note: String) { prepare(s: &Account) { panic(note) } }'
    const { address, sign } = await signedByOne(failing)
    const transaction = await sign()
    for (const _ of [1, 2])
      await expect(send(transaction)).rejects.toMatchObject({
        code: 'TRANSACTION_FAILED',
        context: { transactionId: transactionId(transaction), errorCodes: [1101] },
      })
    expect(await chain.sequenceNumber(address, 0)).toBe(1)
  })
})

describe('by the command, each party in a process and an AWS account of its own', () => {
  const half = { ours: '111111111111', theirs: '222222222222' }
  let folder: string
  let address: string

  type Ended = { readonly stdout: string; readonly stderr: string; readonly exitCode: unknown }
  /** Runs as that AWS account; MiniStack takes its number for an access key. */
  async function cli(account: string, args: readonly string[]): Promise<Ended> {
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_ENDPOINT_URL_KMS: kms.aws.endpoint,
      AWS_REGION: kms.aws.region,
      AWS_ACCESS_KEY_ID: account,
      AWS_SECRET_ACCESS_KEY: 'secret',
      FLOW_ACCESS_NODE: chain.url,
    }
    const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
    const run = promisify(execFile)
    try {
      const printed = await run(process.execPath, [program, ...args], { cwd: folder, env })
      return { ...printed, exitCode: 0 }
    } catch (thrown) {
      const { stdout, stderr, code } = thrown as Omit<Ended, 'exitCode'> & { code: unknown }
      return { stdout, stderr, exitCode: code }
    }
  }
  const json = async (account: string, args: readonly string[]) =>
    JSON.parse((await cli(account, [...args, '--json'])).stdout)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fcl-kms-parties-'))
    const keys = await Promise.all(
      Object.values(half).map(async (accessKeyId) => {
        const client = new KMSClient({
          ...kms.aws.clientConfig(),
          credentials: { accessKeyId, secretAccessKey: 'secret' },
        })
        const spec = { KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' } as const
        const { KeyMetadata } = await client.send(new CreateKeyCommand(spec))
        const keyId = KeyMetadata?.Arn ?? ''
        const alias = { AliasName: 'alias/half', TargetKeyId: KeyMetadata?.KeyId }
        await client.send(new CreateAliasCommand(alias))
        const signer = createAwsKmsSigner({ client, keyId })
        await signer.publicKey()
        return { signer, weight: 500, close: () => client.destroy() }
      }),
    )
    address = await chain.createAccount(keys)
    for (const { close } of keys) close()
    await writeFile(join(folder, 'mint.cdc'), cadence(1))
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  const prepareArgs = (text: string) => [
    ...['transactions', 'prepare', '--cadence', 'mint.cdc', '--proposer', address],
    ...['--args-json', JSON.stringify([note(text)]), '--payer', address, '--authorizer', address],
    ...['--compute-limit', '100', '--out', 'mint.rlp', '--network', 'emulator'],
  ]
  const signArgs = (out: string, ...more: readonly string[]) => [
    ...['sign', 'transaction', '--address', address, '--key', 'alias/half', '--partial'],
    ...['--in', 'mint.rlp', '--out', out, ...more],
  ]

  it('prepares, signs twice, approves, sends, and sends again', async () => {
    const prepared = await json(half.ours, prepareArgs('by command'))
    expect(prepared).toMatchObject({
      ready: false,
      out: 'mint.rlp',
      toSign: [{ address, part: 'envelope', message: expect.stringMatching(/^464c4f57/) }],
    })
    const rules = {
      chainId: 'flow-emulator',
      accounts: [address],
      scripts: [
        { name: 'mint', cadence: cadence(1), parameters: ['String'], maxComputeLimit: 100 },
      ],
    }
    await writeFile(join(folder, 'rules.json'), JSON.stringify(rules))
    const [ours, theirs] = await Promise.all([
      cli(half.ours, signArgs('ours.json', '--format', 'json')),
      cli(half.theirs, signArgs('theirs.rlp', '--policy', 'rules.json')),
    ])
    expect(ours).toMatchObject({ exitCode: 0, stdout: 'ours.json: signed\n' })
    expect(theirs).toMatchObject({ exitCode: 0, stdout: 'theirs.rlp: signed\n' })
    expect(theirs.stderr).toContain('argument 0        {"type":"String","value":"by command"}\n')

    const approve = ['transactions', 'approve', '--in', 'mint.rlp', '--signed', 'ours.json']
    const partly = await cli(half.ours, approve)
    expect(partly).toMatchObject({ exitCode: 0 })
    expect(partly.stdout).toMatch(/weight 500 of 1000 .*can sign: 1 \(500\)\n/)
    const early = await json(half.ours, [...approve, '--send'])
    expect(early.error.code).toBe('SIGNATURES_MISSING')
    const whole = await cli(half.ours, [...approve, '--signed', 'theirs.rlp', '--out', 'all.rlp'])
    expect(whole.stdout).toMatch(/\nready +yes\n/)

    const send = ['transactions', 'send', '--in', 'all.rlp']
    const sent = await json(half.ours, send)
    expect(sent.transactionId).toMatch(/^[0-9a-f]{64}$/)
    expect(await cli(half.theirs, send)).toMatchObject({
      exitCode: 0,
      stdout: `${sent.transactionId}: sealed\n`,
    })
  })

  it('signs nothing that its policy does not name, and shows no control character', async () => {
    const hostile = 'a\u001b[2Jb\u202e'
    expect(await cli(half.ours, prepareArgs(hostile))).toMatchObject({ exitCode: 0 })
    const rules = {
      chainId: 'flow-emulator',
      accounts: [address],
      scripts: [{ name: 'mint', cadence: 'x', parameters: [], maxComputeLimit: 100 }],
    }
    await writeFile(join(folder, 'other.json'), JSON.stringify(rules))
    const refused = await cli(half.theirs, signArgs('no.rlp', '--policy', 'other.json'))
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain('[POLICY_REFUSED]')
    expect(refused.stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    await expect(readFile(join(folder, 'no.rlp'))).rejects.toThrow('ENOENT')
  })
})

it('is refused by the node when its reference block is too old, and never sent anew', async () => {
  await using old = await startEmulator({ blockTimeMs: 0, transactionExpiry: 10 })
  const payer = await emulatorPayer({ accessNode: old.url })
  const { address, authorizer } = payer
  const options = { accessNode: old.url, cadence: cadence(0), arguments: [note('late')] }
  const roles = { proposer: { address }, payer: address, computeLimit: 100 }
  const { transaction } = await prepareTransaction({ ...options, ...roles })
  const signed = await signTransaction({ authorizer, address, transaction })
  for (let block = 0; block < 12; block += 1)
    await fetch(`${old.adminUrl}/emulator/newBlock`, { method: 'POST' })
  const sending = sendTransaction({ accessNode: old.url, transaction: signed })
  await expect(sending).rejects.toMatchObject({
    code: 'ACCESS_NODE_REFUSED',
    context: { reason: expect.stringContaining('transaction is expired: ') },
  })
})
