/** An enclave that signs with the keys of an HSM: its program as a process of this machine, and SoftHSM. @module */
import { readFileSync } from 'node:fs'
import { EncryptCommand } from '@aws-sdk/client-kms'
import { withDomainTag } from '../../src/crypto/domain-tags.ts'
import { bytesToHex } from '../../src/crypto/hex.ts'
import { payloadMessage, type Transaction } from '../../src/crypto/transaction.ts'
import { createPkcs11Token, type Pkcs11Key } from '../../src/signers/pkcs11/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { moduleProcess } from '../support/enclave-inside.ts'
import { type Inside, startWorld, type World } from '../support/enclave-world.ts'
import { canReadMemory, searchMemory } from '../support/process-memory.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm, type SoftToken } from '../support/softhsm.ts'
import { algorithms, verifyByElliptic } from '../unit/crypto/independent.ts'

const page = readFileSync(new URL('../../docs/enclave.md', import.meta.url), 'utf8')
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
const asked = (message: Uint8Array, key = 'ECDSA_secp256k1') => ({
  ...{ version: 1, operation: 'sign', key, hashAlgorithm: 'SHA3_256' },
  message: Buffer.from(message).toString('base64'),
})
const codeOf = ({ body }: { readonly body: Record<string, unknown> }) => Object(body['error']).code

describePkcs11()('an enclave with an HSM', () => {
  let world: World
  let hsm: SoftHsm
  let soft: SoftToken
  let sealedPin: string
  let said = ''
  const made = new Map<string, Pkcs11Key>()
  beforeAll(async () => {
    hsm = makeSoftHsm()
    soft = hsm.addToken('flow')
    world = await startWorld(await moduleProcess())
    await using token = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
    for (const algorithm of algorithms)
      made.set(algorithm, await token.createKey({ label: algorithm, algorithm }))
    sealedPin = await seal(soft.pin)
  })
  afterEach(() => world.standIn.reset())
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    hsm?.[Symbol.dispose]()
    expect(said).toContain('started')
    expect(said).not.toContain(soft.pin)
  })

  /** As the page says it. */
  async function seal(pin: string, names: Readonly<Record<string, string>> = {}): Promise<string> {
    const [, shown = ''] = /--encryption-context (\S+)/.exec(page) ?? []
    const context = Object.fromEntries(shown.split(',').map((pair) => pair.split('=')))
    expect(Object.keys(context)).toEqual(['fcl-kms', 'enclave', 'token'])
    const { CiphertextBlob } = await world.kms.client.send(
      new EncryptCommand({
        KeyId: world.keyId,
        Plaintext: Buffer.from(pin),
        EncryptionContext: { ...context, enclave: 'test-signer', token: 'flow', ...names },
      }),
    )
    return Buffer.from(CiphertextBlob ?? []).toString('base64')
  }

  const keyOf = (algorithm: string, changes: object = {}) => ({
    ...{ algorithm, accounts: [address], payload: true, userMessages: true },
    publicKey: made.get(algorithm)?.publicKey,
    pkcs11: {
      uri: `pkcs11:token=flow;object=${algorithm}?module-path=${hsm.modulePath}`,
      env: { SOFTHSM2_CONF: hsm.env['SOFTHSM2_CONF'] },
      ...{ sealedPin, ...changes },
    },
  })
  const start = (changes: object = {}, of: object = {}) => {
    const keys = algorithms.map((one) => [one, { ...keyOf(one, changes), ...of }])
    return world.start(world.configuration({ keys: Object.fromEntries(keys) }))
  }
  const openings = () => world.standIn.calls().filter(({ operation }) => operation === 'Decrypt')
  async function using<T>(inside: Inside, use: (inside: Inside) => Promise<T>): Promise<T> {
    try {
      return await use(inside)
    } finally {
      await inside[Symbol.asyncDispose]()
      said += inside.output() + JSON.stringify(world.events)
    }
  }

  it('signs on both curves, after one opening of the PIN, of which no copy is left', async () => {
    await using(await start(), async (inside) => {
      const socketPath = `${inside.folder}/signing.sock`
      for (const algorithm of algorithms) {
        const signer = createRemoteSigner({ socketPath, key: algorithm })
        const { bytes } = await signer.publicKey()
        expect(bytesToHex(bytes)).toBe(made.get(algorithm)?.publicKey)
        for (const hashAlgorithm of ['SHA2_256', 'SHA3_256'] as const) {
          const signature = await signer.sign({ message: userMessage, hashAlgorithm })
          const key = { algorithm, publicKey: bytes }
          expect(verifyByElliptic(key, userMessage, hashAlgorithm, signature)).toBe(true)
        }
      }
      expect(openings()).toEqual([{ operation: 'Decrypt', hasRecipient: true, outcome: 'ok' }])
      if (!canReadMemory()) return
      process.kill(inside.pid, 'SIGSTOP')
      try {
        const needles = { pin: Buffer.from(soft.pin), control: Buffer.from(sealedPin.slice(0, 60)) }
        const found = searchMemory(inside.pid, needles)
        expect(found['control']).toBeGreaterThan(0)
        expect(found['pin']).toBe(0)
      } finally {
        process.kill(inside.pid, 'SIGCONT')
      }
    })
  })

  it('signs what its policy allows, and nothing else', async () => {
    await using(await start(), async (inside) => {
      expect((await inside.sign(asked(payloadMessage(transaction)))).status).toBe(200)
      const other = payloadMessage({ ...transaction, computeLimit: 101 })
      expect(codeOf(await inside.sign(asked(other)))).toBe('POLICY_REFUSED')
      const answer = await inside.control('/create', { version: 1, key: 'ECDSA_P256' })
      expect(answer.body).toEqual({
        key: 'ECDSA_P256',
        publicKey: made.get('ECDSA_P256')?.publicKey,
        signatureAlgorithm: 'ECDSA_P256',
      })
    })
  })

  it('opens the PIN again when the process of the module has ended', async () => {
    if (!canReadMemory()) return
    await using(await start(), async (inside) => {
      expect((await inside.sign(asked(userMessage))).status).toBe(200)
      const children = readFileSync(`/proc/${inside.pid}/task/${inside.pid}/children`, 'utf8')
      const [child] = children.trim().split(' ').map(Number)
      expect(child).toBeGreaterThan(1)
      process.kill(child ?? 0, 'SIGKILL')
      expect((await inside.sign(asked(userMessage))).status).toBe(200)
      expect(openings()).toHaveLength(2)
    })
  })

  async function failureOf(inside: Inside): Promise<unknown> {
    return using(inside, async () => {
      const answer = await inside.sign(asked(userMessage))
      expect(answer.body).not.toHaveProperty('signature')
      return codeOf(answer)
    })
  }

  it.each<[string, Readonly<Record<string, string>>]>([
    ['another enclave', { enclave: 'other-signer' }],
    ['another token', { token: 'other' }],
    ['something else', { 'fcl-kms': 'sealed-key' }],
  ])('does not open a PIN that was sealed for %s', async (_, names) => {
    const other = await seal(soft.pin, names)
    expect(await failureOf(await start({ sealedPin: other }))).toBe('ENCLAVE_PIN_NOT_OPENED')
  })

  it('does not open what KMS did not seal', async () => {
    expect(await failureOf(await start({ sealedPin: 'AAAA' }))).toBe('ENCLAVE_PIN_NOT_OPENED')
  })

  it('does not lock the token by a wrong PIN, however often it is asked', async () => {
    const wrong = await seal('a wrong one')
    await using(await start({ sealedPin: wrong }), async (inside) => {
      for (let count = 0; count < 3; count++)
        expect(codeOf(await inside.sign(asked(userMessage)))).toBe('PKCS11_PIN_REFUSED')
    })
    await using(await start(), async (inside) =>
      expect((await inside.sign(asked(userMessage))).status).toBe(200),
    )
  })

  it.each<[string, () => object, () => object, string]>([
    [
      'the module is missing',
      () => ({ uri: 'pkcs11:token=flow;object=a?module-path=/usr/lib/none.so' }),
      () => ({}),
      'PKCS11_MODULE_UNUSABLE',
    ],
    [
      'the token is missing',
      () => ({ env: { SOFTHSM2_CONF: '/dev/null' } }),
      () => ({}),
      'PKCS11_TOKEN_NOT_FOUND',
    ],
    [
      'the key is another than the measured one',
      () => ({}),
      () => ({ publicKey: 'ab'.repeat(64) }),
      'PKCS11_KEY_CHANGED',
    ],
  ])('signs nothing when %s', async (_, changes, of, code) => {
    expect(await failureOf(await start(changes(), of()))).toBe(code)
  })

  it('gets no PIN with another image', async () => {
    const Condition = {
      StringNotEqualsIgnoreCase: { 'kms:RecipientAttestation:ImageSha384': 'ff'.repeat(48) },
    }
    const all = { Principal: '*', Resource: '*' }
    world.standIn.set({
      keyPolicy: {
        Version: '2012-10-17',
        Statement: [
          { ...all, Effect: 'Allow', Action: 'kms:*' },
          { ...all, Effect: 'Deny', Action: 'kms:Decrypt', Condition },
        ],
      },
    })
    expect(await failureOf(await start())).toBe('KMS_ACCESS_DENIED')
  })
})
