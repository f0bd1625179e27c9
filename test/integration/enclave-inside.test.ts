import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateKeyCommand } from '@aws-sdk/client-kms'
import { encryptForRecipient } from '../../examples/enclave/local/cms.ts'
import type { KeyPolicy } from '../../examples/enclave/local/key-policy.ts'
import { attestedRecipient } from '../../examples/enclave/local/kms-recipient.ts'
import { createTlsAuthority } from '../../examples/enclave/local/tls.ts'
import { enclaveStack } from '../../src/aws/index.ts'
import { withDomainTag } from '../../src/crypto/domain-tags.ts'
import { hexToBytes } from '../../src/crypto/hex.ts'
import { envelopeMessage, payloadMessage, type Transaction } from '../../src/crypto/transaction.ts'
import { attestKey } from '../../src/enclave/index.ts'
import { SignerError } from '../../src/errors.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { openScalar } from '../../src/signers/sealed-key/envelope.ts'
import { createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import { readRecord } from '../../src/signers/sealed-key/opening.ts'
import { boundContext } from '../../src/signers/sealed-key/sealing-context.ts'
import { keyPolicy, PCRS } from '../support/enclave.ts'
import { bundleInside } from '../support/enclave-inside.ts'
import {
  type Doors,
  HOST,
  type Inside,
  SECRET,
  startWorld,
  type World,
} from '../support/enclave-world.ts'
import { canReadMemory, searchMemory } from '../support/process-memory.ts'
import { algorithms, verifyByElliptic } from '../unit/crypto/independent.ts'

const example = fileURLToPath(
  new URL('../../examples/enclave/configuration/enclave.json', import.meta.url),
)

describe('the program of an enclave, where it cannot run,', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-inside-'))
  const program = join(folder, 'enclave.mjs')
  let bundle: Uint8Array
  beforeAll(async () => {
    bundle = await bundleInside()
    writeFileSync(program, bundle)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function endOf(args: readonly string[]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const pipe of [child.stdout, child.stderr])
      pipe.on('data', (text: Buffer) => {
        said += text.toString()
      })
    const [code] = await once(child, 'exit')
    return { code, said }
  }

  it('is the same bytes each time', async () => {
    expect(Buffer.from(await bundleInside()).equals(bundle)).toBe(true)
  })

  it.each([
    ['without arguments', [], 'ENCLAVE_START_FAILED'],
    ['with others', ['--run', '.', '--config', 'x'], 'ENCLAVE_START_FAILED'],
    [
      'without a configuration',
      ['--run', folder, '--configuration', join(folder, 'none')],
      'ENCLAVE_CONFIGURATION_INVALID',
    ],
    [
      'without a security module',
      ['--run', folder, '--configuration', example],
      'SECURITY_MODULE_UNAVAILABLE',
    ],
  ])('ends %s, and says why', async (_, args, expected) => {
    const { code, said } = await endOf(args)
    expect(code).toBe(1)
    expect(JSON.parse(said)).toMatchObject({ event: 'failed', error: { code: expected } })
  })
})

const address = '0xf8d6e0586b0a20c7'
const transaction: Transaction = {
  cadence: 'transaction {}',
  arguments: [],
  referenceBlockId: new Uint8Array(32).fill(0xab),
  computeLimit: 100,
  proposalKey: { address, keyIndex: 0, sequenceNumber: 1n },
  payer: address,
  authorizers: [],
  payloadSignatures: [],
  envelopeSignatures: [],
}
const userMessage = withDomainTag('user', new TextEncoder().encode('a message'))
const asked = (message: Uint8Array, key = 'minter') => ({
  ...{ version: 1, operation: 'sign', key, hashAlgorithm: 'SHA3_256' },
  message: Buffer.from(message).toString('base64'),
})
/** Of the wrapping key, for the role that the stand-in takes everybody for. */
function policyOfStack(pcr0: string, enclaveName: string): KeyPolicy {
  const role = (name: string) => `arn:aws:iam::000000000000:role/${name}`
  const { Resources } = enclaveStack({
    ...{ environment: 'test', adminRoleArn: role('admin'), proposerRoleArn: role('release') },
    ...{ roleName: 'enclave-parent', enclaveName, images: [{ pcr0 }], records: 'bucket' },
    ...{ amiId: 'ami-0123456789abcdef0', callers: [{ cidr: '10.0.3.0/24' }] },
    network: { cidr: '10.71.0.0/24' },
  })
  return Resources['WrappingKey']?.Properties?.['KeyPolicy'] as KeyPolicy // without functions of a template
}
/** The memory of another process is a file there. */
const itOnLinux = canReadMemory() ? it : it.skip
const codeOf = ({ body }: { readonly body: Record<string, unknown> }) => Object(body['error']).code

/** Keeps what opens with a key, and the key, as a careless program would. */
const LEAK = `
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
const { createDecipheriv } = crypto
globalThis.kept = []
crypto.createDecipheriv = (cipher, key, ...others) => {
  const decipher = createDecipheriv(cipher, key, ...others)
  const update = decipher.update.bind(decipher)
  decipher.update = (...given) => {
    const opened = update(...given)
    globalThis.kept.push(Buffer.from(key), Buffer.from(opened))
    return opened
  }
  return decipher
}
syncBuiltinESMExports()
`

describe('the program of an enclave', () => {
  let world: World
  let inside: Inside
  /** Of all processes, at their ends. */
  let said = ''
  beforeAll(async () => {
    world = await startWorld()
    inside = await world.start(world.configuration())
    for (const key of ['minter', 'other']) await inside.control('/create', { version: 1, key })
  })
  afterEach(() => {
    world.standIn.set({ now: Date.now, tamper: ({ reply }) => reply })
    world.securityModule.reset()
    world.routes.clear()
  })
  afterAll(async () => {
    await inside?.[Symbol.asyncDispose]()
    said += inside.output() + JSON.stringify(world.events)
    await world?.[Symbol.asyncDispose]()
    expect(said).toContain('started')
    expect(said).not.toContain(SECRET)
  })
  const signing = () => inside.sign(asked(userMessage))
  const health = async (of: Doors = inside) => (await of.control('/health', { version: 1 })).body

  it.each(algorithms)('signs by a key of %s that it made', async (algorithm) => {
    const key = algorithm === 'ECDSA_P256' ? 'other' : 'minter'
    const made = await inside.control('/create', { version: 1, key })
    expect(made).toMatchObject({ status: 200, body: { key, signatureAlgorithm: algorithm } })
    const signer = createRemoteSigner({ socketPath: join(inside.folder, 'signing.sock'), key })
    const { bytes } = await signer.publicKey()
    expect(Buffer.from(bytes).toString('hex')).toBe(made.body['publicKey'])
    for (const hashAlgorithm of ['SHA2_256', 'SHA3_256'] as const) {
      const signature = await signer.sign({ message: userMessage, hashAlgorithm })
      expect(
        verifyByElliptic({ algorithm, publicKey: bytes }, userMessage, hashAlgorithm, signature),
      ).toBe(true)
    }
  })

  it('shows which image it is, and which key it has', async () => {
    const root = world.securityModule.chain()[0]?.certificate ?? new Uint8Array()
    const socketPath = join(inside.folder, 'signing.sock')
    const { publicKey } = await attestKey({ socketPath, key: 'minter', pcrs: PCRS, root })
    expect((await inside.control('/create', { version: 1, key: 'minter' })).body['publicKey']).toBe(
      publicKey,
    )
  })

  it('opens its keys under the policy of the stack that names its image, and of no other', async () => {
    const before = keyPolicy()
    const under = async (pcr0: string, enclaveName = 'test-signer') => {
      world.standIn.set({ keyPolicy: policyOfStack(pcr0, enclaveName) })
      return signing().finally(() => world.standIn.set({ keyPolicy: before }))
    }
    expect((await under(PCRS[0] ?? '')).status).toBe(200)
    expect(codeOf(await under('11'.repeat(48)))).toBe('KMS_ACCESS_DENIED')
    expect(codeOf(await under(PCRS[0] ?? '', 'another-signer'))).toBe('KMS_ACCESS_DENIED')
  })

  it('asks KMS with a recipient only, on one connection, and for credentials each time', async () => {
    const before = {
      calls: world.standIn.calls().length,
      asked: world.asked.get('/credentials') ?? 0,
    }
    const connections = world.connections()
    for (let count = 0; count < 3; count++) expect((await signing()).status).toBe(200)
    const calls = world.standIn.calls().slice(before.calls)
    expect(calls.map(({ operation }) => operation)).toEqual(['Decrypt', 'Decrypt', 'Decrypt'])
    expect((world.asked.get('/credentials') ?? 0) - before.asked).toBe(3)
    expect(world.connections()).toBe(connections)
    expect(world.standIn.calls().every(({ hasRecipient }) => hasRecipient)).toBe(true)
  })

  it('signs what its policy allows, and only that', async () => {
    const changed = (change: Partial<Transaction>) => payloadMessage({ ...transaction, ...change })
    expect((await inside.sign(asked(payloadMessage(transaction)))).status).toBe(200)
    expect((await inside.sign(asked(envelopeMessage(transaction)))).status).toBe(200)
    const refused: readonly (readonly [string, Uint8Array])[] = [
      ['POLICY_REFUSED', changed({ cadence: 'transaction { execute {} }' })],
      ['POLICY_REFUSED', changed({ computeLimit: 101 })],
      ['POLICY_REFUSED', changed({ payer: '0x01cf0e2f2f715450' })],
      ['LEDGER_CONFLICT', changed({ computeLimit: 99 })],
      ['MALFORMED_MESSAGE', new TextEncoder().encode('anything')],
    ]
    for (const [code, message] of refused)
      expect([code, codeOf(await inside.sign(asked(message)))]).toEqual([code, code])
    expect(codeOf(await inside.sign(asked(payloadMessage(transaction), 'other')))).toBe(
      'SIGNING_DENIED',
    )
    expect(codeOf(await inside.sign(asked(userMessage, 'nobody')))).toBe('SIGNING_KEY_UNKNOWN')
  })

  it.each<[string, string, object | string, string]>([
    ['a key that it does not have', '/create', { version: 1, key: 'more' }, 'SIGNING_KEY_UNKNOWN'],
    [
      'a name of Object.prototype',
      '/create',
      { version: 1, key: '__proto__' },
      'SIGNING_KEY_UNKNOWN',
    ],
    ['no version', '/create', { key: 'minter' }, 'SIGNING_REQUEST_MALFORMED'],
    ['another field', '/health', { version: 1, more: 1 }, 'SIGNING_REQUEST_MALFORMED'],
    ['no JSON', '/health', 'health', 'SIGNING_REQUEST_MALFORMED'],
    ['a field twice', '/health', '{"version":1,"version":1}', 'SIGNING_REQUEST_MALFORMED'],
    ['another path', '/constructor', { version: 1 }, 'SIGNING_REQUEST_MALFORMED'],
    ['too much', '/health', ' '.repeat(5_000), 'SIGNING_REQUEST_MALFORMED'],
  ])('refuses at the control door %s', async (_, path, question, code) => {
    expect(codeOf(await inside.control(path, question))).toBe(code)
  })

  it.each<[string, unknown, string]>([
    ['nothing', {}, 'STORE_ANSWER_INVALID'],
    ['more than it was asked', { record: null, more: 1 }, 'STORE_ANSWER_INVALID'],
    ['a number', { record: 7 }, 'STORE_ANSWER_INVALID'],
    ['a list', [], 'STORE_ANSWER_INVALID'],
    ['no base64', { record: 'AAA' }, 'STORE_ANSWER_INVALID'],
    ['a record of nothing', { record: '' }, 'SEALED_KEY_INVALID'],
    ['a record that is too long', { record: 'A'.repeat(12_000) }, 'STORE_ANSWER_INVALID'],
    ['100,000 bytes', { record: 'A'.repeat(100_000) }, 'STORE_UNAVAILABLE'],
    ['that there is none', { record: null }, 'SEALED_KEY_NOT_FOUND'],
  ])('signs nothing when the store answers %s', async (_, answer, code) => {
    world.routes.set('/store', async () => answer as Record<string, unknown>)
    expect(codeOf(await signing())).toBe(code)
    world.routes.clear()
    expect((await signing()).status).toBe(200)
  })

  it('signs nothing by the record of another key, or by a damaged one', async () => {
    const own = world.store.records.get('minter') ?? new Uint8Array()
    world.store.records.set('minter', world.store.records.get('other') ?? own)
    expect(codeOf(await signing())).toBe('SEALED_KEY_INVALID')
    for (let at = 0; at < own.length; at += 16) {
      const flipped = own.slice()
      flipped[at] = (flipped[at] ?? 0) ^ 1
      world.store.records.set('minter', flipped)
      expect(codeOf(await signing())).toBe('SEALED_KEY_INVALID')
    }
    world.store.records.set('minter', own)
    expect((await signing()).status).toBe(200)
  })

  it('signs nothing by a record of an enclave of another name', async () => {
    await using other = await world.open(world.configuration({ name: 'another-signer' }))
    expect(codeOf(await other.sign(asked(userMessage)))).toBe('SEALED_KEY_INVALID')
    const { kms, keyId, store } = world
    const nowhere = createSealedKeys({ kms: kms.client, keyId, store })
    const own = store.records.get('minter') ?? new Uint8Array()
    store.records.delete('minter')
    await nowhere.create('minter', { algorithm: 'ECDSA_secp256k1' })
    expect(codeOf(await signing())).toBe('SEALED_KEY_INVALID')
    store.records.set('minter', own)
    expect((await signing()).status).toBe(200)
  })

  it('says that it fails, and what, until it signs again', async () => {
    expect(await health()).toMatchObject({ status: 'ok' })
    world.routes.set('/store', async () => {
      throw new SignerError('STORE_DENIED', { operation: 'read', reason: 'no' })
    })
    expect(codeOf(await signing())).toBe('STORE_DENIED')
    expect(await health()).toMatchObject({ status: 'failing', error: { code: 'STORE_DENIED' } })
    world.routes.clear()
    await signing()
    expect(await health()).toMatchObject({ status: 'ok' })
  })

  it('signs nothing without credentials, and says who has to mend it', async () => {
    world.routes.set('/credentials', async () => {
      const facts = { keyId: 'k', provider: 'p', reason: 'r', remedy: 'm' }
      throw new SignerError('KMS_CREDENTIALS_MISSING', facts)
    })
    expect(codeOf(await signing())).toBe('KMS_CREDENTIALS_MISSING')
    for (const wrong of [{ accessKeyId: 'a b', secretAccessKey: 'c' }, { accessKeyId: 'a' }]) {
      world.routes.set('/credentials', async () => wrong)
      expect(codeOf(await signing())).toBe('KMS_CREDENTIALS_MISSING')
    }
  })

  it.each([3_600_000, -3_600_000])('signs nothing when its clock is off by %d ms', async (off) => {
    world.standIn.set({ now: () => Date.now() + off })
    expect(codeOf(await signing())).toBe('ENCLAVE_CLOCK_WRONG')
    expect(await health()).toMatchObject({
      status: 'failing',
      error: { code: 'ENCLAVE_CLOCK_WRONG' },
    })
    world.standIn.set({ now: Date.now })
    expect((await signing()).status).toBe(200)
  })

  it('signs nothing as another image, or in debug mode', async () => {
    for (const pcrs of [{ ...PCRS, 0: 'ff'.repeat(48) }, {}]) {
      world.securityModule.set({ pcrs })
      expect(codeOf(await signing())).toBe('KMS_ACCESS_DENIED')
    }
  })

  const contentKey = new Uint8Array(randomBytes(32))
  const dataKeys: Uint8Array[] = []

  /** The content key is one that is known here, and the data key is kept. */
  function watch(): void {
    const root = world.securityModule.chain()[0]?.certificate ?? new Uint8Array()
    world.standIn.set({
      tamper({ reply, request, plaintext }) {
        dataKeys.push(plaintext.slice())
        const { publicKey } = attestedRecipient(request['Recipient'], { root, now: Date.now() })
        const cms = encryptForRecipient(publicKey, plaintext, 'a', { contentKey })
        return { ...reply, CiphertextForRecipient: Buffer.from(cms).toString('base64') }
      },
    })
  }

  async function foundIn({ pid, sign, control }: Inside, key: string) {
    watch()
    for (let count = 0; count < 20; count++)
      expect((await sign(asked(userMessage, key))).status).toBe(200)
    await control('/health', { version: 1 })
    const { digest: context } = boundContext({ enclave: 'test-signer' })
    const record = readRecord(key, world.store.records.get(key) ?? new Uint8Array())
    const dataKey = dataKeys.at(-1) ?? new Uint8Array()
    const scalar = Buffer.from(openScalar(dataKey, { ...record, context }) ?? [])
    expect(scalar).toHaveLength(32)
    const little = Buffer.from(scalar).reverse()
    return searchMemory(pid, {
      'scalar, first half': scalar.subarray(0, 16),
      'scalar, little-endian, first half': little.subarray(0, 16),
      'scalar, little-endian, second half': little.subarray(16),
      'scalar, hex': Buffer.from(scalar.toString('hex')),
      'scalar, base64': Buffer.from(scalar.toString('base64').slice(0, 42)),
      'data key, first half': dataKey.subarray(0, 16),
      'data key, second half': dataKey.subarray(16),
      'data key, base64': Buffer.from(Buffer.from(dataKey).toString('base64').slice(0, 42)),
      'content key, first half': contentKey.subarray(0, 16),
      'content key, second half': contentKey.subarray(16),
      'what is there': Buffer.from('test-signer'),
    })
  }

  itOnLinux('has no copy of a key in its memory after 20 signatures', async () => {
    const { 'what is there': there = 0, ...found } = await foundIn(inside, 'minter')
    expect(there).toBeGreaterThan(0)
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, 0])))
  })

  itOnLinux('would be found to have those that somebody keeps', async () => {
    const path = join(inside.folder, 'leak.mjs')
    writeFileSync(path, LEAK)
    await using leaking = await world.start(world.configuration(), {
      args: ['--import', path],
    })
    const found = await foundIn(leaking, 'minter')
    expect(found['content key, first half']).toBeGreaterThan(0)
    expect(found['scalar, first half']).toBeGreaterThan(0)
  })

  it('signs nothing when KMS answers openly, or for another key', async () => {
    world.standIn.set({
      tamper: ({ reply, plaintext }) => ({
        ...reply,
        Plaintext: Buffer.from(plaintext).toString('base64'),
      }),
    })
    expect(codeOf(await signing())).toBe('KMS_RECIPIENT_IGNORED')
    const other = (await world.kms.client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn
    world.standIn.set({ tamper: ({ reply }) => ({ ...reply, KeyId: other }) })
    expect(codeOf(await signing())).toBe('KMS_REPLY_MISMATCH')
  })

  it('signs nothing while its parent is gone, and goes on after', async () => {
    await world.closeParent()
    expect(codeOf(await signing())).toBe('STORE_UNAVAILABLE')
    expect(await health()).toMatchObject({ status: 'failing' })
    await world.openParent()
    expect((await signing()).status).toBe(200)
  })

  it('believes no server but that of KMS', async () => {
    const kms = { region: 'us-east-1', keyId: world.keyId, host: HOST }
    const places = [
      { ...kms, ca: createTlsAuthority().ca }, // of somebody else
      kms, // those of everybody
      { ...kms, ca: world.ca, host: 'kms-fips.us-east-1.amazonaws.com' },
    ]
    for (const place of places) {
      await using other = await world.open(world.configuration({ kms: place }))
      const question = { version: 1, operation: 'publicKey', key: 'minter' }
      expect(codeOf(await other.sign(question))).toBe('ENCLAVE_TLS_REFUSED')
    }
  })

  it('opens and makes no other key than the one that is measured', async () => {
    const old = world.store.records.get('minter') ?? new Uint8Array()
    world.store.records.delete('minter')
    await using anew = await world.open(world.configuration())
    const made = await anew.control('/create', { version: 1, key: 'minter' })
    const fresh = world.store.records.get('minter') ?? new Uint8Array()
    const { keys } = Object(world.configuration())
    const minter = { ...keys.minter, publicKey: made.body['publicKey'] }
    await using pinned = await world.open(world.configuration({ keys: { ...keys, minter } }))
    expect((await pinned.sign(asked(userMessage))).status).toBe(200)
    // The record from before: real, of this wallet and this enclave, and older.
    world.store.records.set('minter', old)
    expect(codeOf(await pinned.sign(asked(userMessage)))).toBe('SEALED_KEY_INVALID')
    await using later = await world.open(world.configuration({ keys: { ...keys, minter } }))
    expect(codeOf(await later.sign(asked(userMessage)))).toBe('SEALED_KEY_INVALID')
    expect(codeOf(await later.control('/create', { version: 1, key: 'minter' }))).toBe(
      'SEALED_KEY_INVALID',
    )
    expect(await health(later)).toMatchObject({ status: 'failing' })
    world.store.records.delete('minter')
    expect(codeOf(await later.control('/create', { version: 1, key: 'minter' }))).toBe(
      'SEALED_KEY_NOT_FOUND',
    )
    expect(world.store.records.has('minter')).toBe(false)
    world.store.records.set('minter', fresh)
    expect((await later.sign(asked(userMessage))).status).toBe(200)
    world.store.records.set('minter', old)
  })

  it('takes nothing for another algorithm than the one that is measured', async () => {
    const { keys } = Object(world.configuration())
    const minter = { ...keys.minter, algorithm: 'ECDSA_P256' }
    await using other = await world.open(world.configuration({ keys: { minter } }))
    expect(codeOf(await other.sign(asked(userMessage)))).toBe('SEALED_KEY_INVALID')
  })

  it('ends when it is told to, and not before what is under way is done', async () => {
    const other = await world.start(world.configuration())
    const answer = other.sign(asked(userMessage))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await other[Symbol.asyncDispose]()
    expect((await answer).status).toBe(200)
    expect(await other.ended).toBe(0)
  })

  it('tells its parent why it ends', async () => {
    const code = 'ENCLAVE_CONFIGURATION_INVALID'
    await expect(world.start(world.configuration({ keys: {} }))).rejects.toThrow(code)
    expect(world.events.at(-1)).toMatchObject({ event: 'failed', error: { code } })
  })

  it('tells its parent what it was asked, and no message', () => {
    const told = world.events.filter(({ operation }) => operation === 'sign')
    expect(told.some(({ outcome }) => outcome === 'signed')).toBe(true)
    expect(told.some(({ errorCode }) => errorCode === 'POLICY_REFUSED')).toBe(true)
    expect(JSON.stringify(told)).not.toContain(Buffer.from(userMessage).toString('base64'))
    expect(hexToBytes(String(told[0]?.['messageHash']), 'messageHash')).toHaveLength(32)
  })
})
