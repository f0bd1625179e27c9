import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateKeyCommand } from '@aws-sdk/client-kms'
import { kmsLimits } from '../../src/signers/aws-kms/limits.ts'
import { createDataKeys } from '../../src/signers/sealed-key/data-keys.ts'
import { openScalar } from '../../src/signers/sealed-key/envelope.ts'
import { createFileKeyStore, createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import { readRecord } from '../../src/signers/sealed-key/opening.ts'
import { startKms, type TestKms } from '../support/kms.ts'
import { canReadMemory, searchMemory } from '../support/process-memory.ts'
import { algorithms } from '../unit/crypto/independent.ts'

if (!canReadMemory())
  process.stderr.write('SKIPPED sealed-key-memory: this system has no /proc/<pid>/mem\n')
const describeMemory = canReadMemory() ? describe : describe.skip

describeMemory('a process that signed 50 times', () => {
  let kms: TestKms
  let keyId: string
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-sealed-memory-'))
  beforeAll(async () => {
    kms = await startKms()
    keyId = (await kms.client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await kms?.[Symbol.asyncDispose]()
  })

  const open = async () => {
    const store = await createFileKeyStore({ folder })
    return { store, keys: createSealedKeys({ kms: kms.client, keyId, store }) }
  }

  /**
   * Forms in which somebody would look for a key, and halves of it. Not the second half, big-endian: what
   * OpenSSL's parser gives back is seldom found again by its last 16 bytes, as SECURITY.md says.
   */
  async function needlesOf(id: string) {
    const { store } = await open()
    const record = readRecord(id, (await store.read(id)) ?? new Uint8Array())
    const { plaintext } = await createDataKeys(kms.client, kmsLimits({})).unwrap(record)
    const scalar = Buffer.from(openScalar(plaintext, record) ?? [])
    const little = Buffer.from(scalar).reverse()
    return {
      scalar,
      'first half': scalar.subarray(0, 16),
      'little-endian': little,
      'little-endian, first half': little.subarray(0, 16),
      'little-endian, second half': little.subarray(16),
      hex: Buffer.from(scalar.toString('hex')),
      base64: Buffer.from(scalar.toString('base64').slice(0, 42)),
      base64url: Buffer.from(scalar.toString('base64url').slice(0, 42)),
    }
  }

  async function foundAfter(id: string, more: object = {}) {
    const program = fileURLToPath(new URL('../support/sealed-key-process.mjs', import.meta.url))
    const clientConfig = kms.aws.clientConfig()
    const options = { clientConfig, keyId, folder, id, signatures: 50, ...more }
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    await Promise.race([
      once(child.stdout, 'data'),
      exited.then(() => Promise.reject(new Error('the process ended early'))),
    ])
    const found = searchMemory(child.pid ?? 0, await needlesOf(id))
    child.stdin.end()
    expect(await exited).toEqual([0, null])
    return found
  }
  const nothing = async (id: string) =>
    Object.fromEntries(Object.keys(await needlesOf(id)).map((name) => [name, 0]))

  it.each(algorithms)(
    'has no copy of its private key of %s',
    async (algorithm) => {
      const { keys } = await open()
      await keys.create(algorithm, { algorithm })
      expect(await foundAfter(algorithm)).toEqual(await nothing(algorithm))
    },
    120_000,
  )

  it('has none when it keeps data keys', async () => {
    const cache = { maxKeys: 10, maxAgeMs: 600_000, maxUses: 1_000 }
    expect(await foundAfter('ECDSA_P256', { cache })).toEqual(await nothing('ECDSA_P256'))
  }, 120_000)

  it.each(['bytes', 'KeyObject'])(
    'would be found to have one that is kept as %s',
    async (keep) => {
      const found = await foundAfter('ECDSA_P256', { keep })
      expect(Object.values(found).reduce((sum, count) => sum + count)).toBeGreaterThan(0)
    },
    120_000,
  )
})
