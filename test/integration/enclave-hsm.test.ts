/** An enclave that signs with the keys of an HSM: its program as a process of this machine, and SoftHSM. @module */
import { readFileSync } from 'node:fs'
import { EncryptCommand } from '@aws-sdk/client-kms'
import { otherKeyId, plaintextBeside } from '../../examples/enclave/local/hostile-kms.ts'
import { withDomainTag } from '../../src/crypto/domain-tags.ts'
import { bytesToHex } from '../../src/crypto/hex.ts'
import { payloadMessage, type Transaction } from '../../src/crypto/transaction.ts'
import { createPkcs11Token, type Pkcs11Key } from '../../src/signers/pkcs11/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { moduleProcess } from '../support/enclave-inside.ts'
import { type Inside, startWorld, type World } from '../support/enclave-world.ts'
import { canReadMemory, searchMemory } from '../support/process-memory.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm, type SoftToken } from '../support/softhsm.ts'
import { until } from '../support/until.ts'
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

/** A key of the configuration that is none of those that sign. */
type Odd = {
  readonly token?: string
  readonly module?: string
  /** Whose PIN is sealed, and for what. */
  readonly pin?: string
  readonly sealedFor?: Readonly<Record<string, string>>
  readonly publicKey?: string
}
/** Each on a token of its own, so that each is logged in to by itself. */
const odd: Readonly<Record<string, Odd & { readonly code: string }>> = {
  'a-PIN-that-was-sealed-for-another-enclave': {
    ...{ token: 'a', sealedFor: { enclave: 'other-signer' }, code: 'ENCLAVE_PIN_NOT_OPENED' },
  },
  'a-PIN-that-was-sealed-for-another-token': {
    ...{ token: 'b', sealedFor: { token: 'flow' }, code: 'ENCLAVE_PIN_NOT_OPENED' },
  },
  'a-PIN-that-was-sealed-as-something-else': {
    ...{ token: 'c', sealedFor: { 'fcl-kms': 'sealed-key' }, code: 'ENCLAVE_PIN_NOT_OPENED' },
  },
  'an-answer-of-another-key-of-KMS': { token: 'd', code: 'KMS_REPLY_MISMATCH' },
  'an-answer-that-is-open': { token: 'e', code: 'KMS_RECIPIENT_IGNORED' },
  'a-wrong-PIN': { token: 'second', pin: 'a wrong one', code: 'PKCS11_PIN_REFUSED' },
  'no-such-token': { token: 'none', code: 'PKCS11_TOKEN_NOT_FOUND' },
  'no-such-module': { module: '/usr/lib/none.so', code: 'PKCS11_MODULE_UNUSABLE' },
  'another-key-than-the-measured-one': {
    ...{ publicKey: 'ab'.repeat(64), code: 'PKCS11_KEY_CHANGED' },
  },
}

describePkcs11()('an enclave with an HSM', () => {
  let world: World
  let hsm: SoftHsm
  let soft: SoftToken
  let second: SoftToken
  let inside: Inside
  let sealedPin: string
  const made = new Map<string, Pkcs11Key>()
  /** What KMS has opened, by its encryption context. */
  const opened: unknown[] = []
  const openings = () => opened.filter((context) => Object(context).token === 'flow').length
  beforeAll(async () => {
    hsm = makeSoftHsm()
    soft = hsm.addToken('flow')
    second = hsm.addToken('second')
    world = await startWorld(await moduleProcess())
    await using token = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
    for (const algorithm of algorithms)
      made.set(algorithm, await token.createKey({ label: algorithm, algorithm }))
    sealedPin = await seal(soft.pin)
    world.standIn.set({
      tamper(exchange) {
        const context = exchange.request['EncryptionContext']
        opened.push(context)
        if (Object(context).token === 'd') return otherKeyId(exchange)
        return Object(context).token === 'e' ? plaintextBeside(exchange) : exchange.reply
      },
    })
    const keys = [
      ...algorithms.map(async (name) => [name, await keyOf({ name })] as const),
      ...Object.keys(odd).map(async (name) => [name, await keyOf({ name, ...odd[name] })] as const),
    ]
    inside = await world.start(
      world.configuration({ keys: Object.fromEntries(await Promise.all(keys)) }),
    )
    // It looks at each of its keys when it starts.
    const isStarting = async () =>
      (await inside.control('/health', { version: 1 })).body['status'] === 'starting'
    await until(async () => !(await isStarting()))
  })
  afterAll(async () => {
    await inside?.[Symbol.asyncDispose]()
    const said = `${inside?.output()}${JSON.stringify(world?.events)}`
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

  async function keyOf({ name, token = 'flow', ...key }: Odd & { readonly name: string }) {
    const label = made.has(name) ? name : 'ECDSA_secp256k1'
    const { publicKey = made.get(label)?.publicKey, module = hsm.modulePath } = key
    return {
      ...{ algorithm: label, accounts: [address], payload: true, userMessages: true, publicKey },
      pkcs11: {
        uri: `pkcs11:token=${token};object=${label}?module-path=${module}`,
        env: { SOFTHSM2_CONF: hsm.env['SOFTHSM2_CONF'] },
        sealedPin:
          token === 'flow'
            ? sealedPin
            : await seal(key.pin ?? soft.pin, { token, ...key.sealedFor }),
      },
    }
  }
  const sign = (key?: string) => inside.sign(asked(userMessage, key))
  /** Ends the processes of modules. */
  function endModules(): void {
    const children = readFileSync(`/proc/${inside.pid}/task/${inside.pid}/children`, 'utf8')
    const pids = children.trim().split(' ').map(Number)
    expect(pids.every((pid) => pid > 1)).toBe(true)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
  }

  it('signs on both curves, after one opening of the PIN', async () => {
    for (const algorithm of algorithms) {
      const socketPath = `${inside.folder}/signing.sock`
      const signer = createRemoteSigner({ socketPath, key: algorithm })
      const { bytes } = await signer.publicKey()
      expect(bytesToHex(bytes)).toBe(made.get(algorithm)?.publicKey)
      for (const hashAlgorithm of ['SHA2_256', 'SHA3_256'] as const) {
        const signature = await signer.sign({ message: userMessage, hashAlgorithm })
        const key = { algorithm, publicKey: bytes }
        expect(verifyByElliptic(key, userMessage, hashAlgorithm, signature)).toBe(true)
      }
    }
    expect(openings()).toBe(1)
    expect(world.standIn.calls().every(({ hasRecipient }) => hasRecipient)).toBe(true)
  })

  it('keeps no copy of the PIN in its memory', () => {
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

  it('signs what its policy allows, and nothing else', async () => {
    expect((await inside.sign(asked(payloadMessage(transaction)))).status).toBe(200)
    const other = payloadMessage({ ...transaction, computeLimit: 101 })
    const refused = await inside.sign(asked(other))
    expect(codeOf(refused)).toBe('POLICY_REFUSED')
    expect(refused.body).not.toHaveProperty('signature')
  })

  it('shows a key when it is told to make it', async () => {
    const { body } = await inside.control('/create', { version: 1, key: 'ECDSA_P256' })
    const publicKey = made.get('ECDSA_P256')?.publicKey
    expect(body).toEqual({ key: 'ECDSA_P256', publicKey, signatureAlgorithm: 'ECDSA_P256' })
  })

  it.each(Object.entries(odd))('signs nothing with %s', async (name, { code }) => {
    const answer = await sign(name)
    expect(codeOf(answer)).toBe(code)
    expect(answer.body).not.toHaveProperty('signature')
  })

  it('does not lock a token by a wrong PIN, however often it is asked', async () => {
    for (let count = 0; count < 2; count++)
      expect(codeOf(await sign('a-wrong-PIN'))).toBe('PKCS11_PIN_REFUSED')
    await using token = createPkcs11Token({ uri: second.uri(), env: hsm.env })
    await expect(token.showKey({ label: 'none' })).rejects.toMatchObject({
      code: 'PKCS11_KEY_NOT_FOUND',
    })
  })

  it('opens the PIN again when the process of the module has ended', async () => {
    if (!canReadMemory()) return
    const before = openings()
    endModules()
    expect((await sign()).status).toBe(200)
    expect(openings()).toBe(before + 1)
  })

  it('does not sign any more when KMS does not open the PIN for its image', async () => {
    if (!canReadMemory()) return
    const all = { Principal: '*', Resource: '*' }
    const Condition = {
      StringNotEqualsIgnoreCase: { 'kms:RecipientAttestation:ImageSha384': 'ff'.repeat(48) },
    }
    world.standIn.set({
      keyPolicy: {
        Version: '2012-10-17',
        Statement: [
          { ...all, Effect: 'Allow', Action: 'kms:*' },
          { ...all, Effect: 'Deny', Action: 'kms:Decrypt', Condition },
        ],
      },
    })
    endModules()
    expect(codeOf(await sign())).toBe('KMS_ACCESS_DENIED')
    world.standIn.set({ keyPolicy: undefined })
    expect((await sign()).status).toBe(200)
  })
})
