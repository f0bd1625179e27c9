import { spawn } from 'node:child_process'
import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openScalar } from '../../src/signers/sealed-key/envelope.ts'
import { createFileKeyStore, createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import { readRecord } from '../../src/signers/sealed-key/opening.ts'
import { scalarOfPkcs8 } from '../../src/signers/sealed-key/private-key.ts'
import { boundContext } from '../../src/signers/sealed-key/sealing-context.ts'
import { KMS_HOST, startTestEnclave, type TestEnclave } from '../support/enclave.ts'
import { patient } from '../support/limits.ts'
import { canReadMemory, searchMemory } from '../support/process-memory.ts'

if (!canReadMemory())
  process.stderr.write('SKIPPED enclave-memory: this system has no /proc/<pid>/mem\n')
const describeMemory = canReadMemory() ? describe : describe.skip

/** One made here on each curve, and one that KMS made, whose private key comes as PKCS#8. */
const wallets = [
  { id: 'P256', algorithm: 'ECDSA_P256' },
  { id: 'secp256k1', algorithm: 'ECDSA_secp256k1' },
  { id: 'pair', algorithm: 'ECDSA_P256', generatedBy: 'kms' },
] as const
const ids = wallets.map(({ id }) => id)
const context = { enclave: 'memory' }
const SIGNATURES = 20

describeMemory(`a process that signed ${SIGNATURES} times with what KMS opened for it`, () => {
  let enclave: TestEnclave
  let folder: string
  const contentKey = new Uint8Array(randomBytes(32))
  const opened = new Map<string, Uint8Array>()
  beforeAll(async () => {
    enclave = await startTestEnclave()
    folder = join(enclave.folder, 'keys')
    mkdirSync(folder, { mode: 0o700 })
    enclave.kms.set({
      tamper({ request, plaintext, reply, encrypt }) {
        const { wallet } = Object(request['EncryptionContext'])
        opened.set(wallet, plaintext)
        return { ...reply, CiphertextForRecipient: encrypt(plaintext, { contentKey }) }
      },
    })
    const { client: kms, keyArn: keyId, recipient } = enclave
    const store = await createFileKeyStore({ folder })
    const keys = createSealedKeys({ ...{ kms, keyId, store, recipient, context }, ...patient })
    for (const { id, ...creation } of wallets) await keys.create(id, creation)
  })
  afterAll(() => enclave?.[Symbol.asyncDispose]())

  /** What was open for a moment, by name: 32 bytes each. */
  async function secretsOf(id: string): Promise<Readonly<Record<string, Uint8Array>>> {
    const store = await createFileKeyStore({ folder })
    const record = readRecord(id, (await store.read(id)) ?? new Uint8Array())
    const plaintext = opened.get(id) ?? new Uint8Array()
    if (record.form === 'key-pair') {
      const scalar = scalarOfPkcs8(plaintext, record.algorithm, record.publicKey)
      return { 'private key': scalar ?? new Uint8Array() }
    }
    const bound = boundContext(context).digest
    const authenticated = createHash('sha256').update(record.header).update(bound).digest()
    const info = Buffer.concat([Buffer.from('fcl-kms sealed key 1'), authenticated])
    return {
      'private key': openScalar(plaintext, { ...record, context: bound }) ?? new Uint8Array(),
      'data key': plaintext,
      'key of the seal': new Uint8Array(hkdfSync('sha256', plaintext, '', info, 32)),
    }
  }

  /** Forms in which somebody would look for a key; see `sealed-key-memory.test.ts` for what is left out. */
  async function needles(): Promise<Readonly<Record<string, Uint8Array>>> {
    const all: Record<string, Uint8Array> = {}
    const add = (name: string, secret: Uint8Array) => {
      expect(secret).toHaveLength(32)
      const bytes = Buffer.from(secret)
      const little = Buffer.from(secret).reverse()
      all[`first half of ${name}`] = bytes.subarray(0, 16)
      if (!name.startsWith('private')) all[`second half of ${name}`] = bytes.subarray(16)
      all[`little-endian ${name}, first half`] = little.subarray(0, 16)
      all[`little-endian ${name}, second half`] = little.subarray(16)
      all[`${name} in hex`] = Buffer.from(bytes.toString('hex'))
      all[`${name} in base64`] = Buffer.from(bytes.toString('base64').slice(0, 42))
    }
    add('content key', contentKey)
    for (const id of ids)
      for (const [name, secret] of Object.entries(await secretsOf(id)))
        add(`${name} of ${id}`, secret)
    return all
  }

  async function foundIn(more: object = {}) {
    const program = fileURLToPath(new URL('../support/enclave-process.mjs', import.meta.url))
    const { aws, ca, kms, keyArn: keyId, module } = enclave
    const options = {
      kms: { ...aws.clientConfig(), endpoint: kms.url },
      ...{ ca, host: KMS_HOST, socketPath: module.socketPath, keyId, context, folder, ids },
      signatures: SIGNATURES,
      ...more,
    }
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    await Promise.race([
      once(child.stdout, 'data'),
      exited.then(() => Promise.reject(new Error('the process ended early'))),
    ])
    const found = searchMemory(child.pid ?? 0, await needles())
    child.stdin.end()
    expect(await exited).toEqual([0, null])
    return found
  }

  it('has no copy of a private key, a data key, the key of a seal or a content key', async () => {
    const found = await foundIn()
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, 0])))
  }, 120_000)

  it('would be found to have kept some', async () => {
    const found = await foundIn({ isCareless: true, signatures: 2 })
    for (const name of ['content key', 'data key of P256', 'private key of pair'])
      expect(found[`first half of ${name}`]).toBeGreaterThan(0)
  }, 120_000)
})
