/** The enclave as a real machine: its kernel, `/dev/nsm`, vsock, and what is left in its memory. */
import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { userMessage } from '../../../src/crypto/index.ts'
import { attestKey } from '../../../src/enclave/index.ts'
import { connectVsock } from '../../../src/enclave/parent/vsock.ts'
import { KmsAuthorizer } from '../../../src/index.ts'
import { createAwsKmsSigner } from '../../../src/signers/aws-kms/index.ts'
import { createRemoteSigner, type RemoteSignerOptions } from '../../../src/signers/remote/index.ts'
import { openScalar } from '../../../src/signers/sealed-key/envelope.ts'
import { createSealedKeys } from '../../../src/signers/sealed-key/index.ts'
import { readRecord } from '../../../src/signers/sealed-key/opening.ts'
import { scalarOfPkcs8 } from '../../../src/signers/sealed-key/private-key.ts'
import { boundContext } from '../../../src/signers/sealed-key/sealing-context.ts'
import { describeSignerContract } from '../../contract/signer-contract.ts'
import { KMS_SECRET, PCRS } from '../../support/enclave.ts'
import { ENCLAVE_NAME, type GuestEnclave, startGuestEnclave } from '../../support/enclave-guest.ts'
import { type GuestHsm, hsmKeys, makeGuestHsm } from '../../support/enclave-guest-hsm.ts'
import { enclaveTools } from '../../support/enclave-tools.ts'
import { type FlowChain, noop, startChain } from '../../support/flow-chain.ts'
import { createMintAccount, type MintAccount } from '../../support/mint-relay.ts'
import { searchMemoryFile } from '../../support/process-memory.ts'
import { describePkcs11 } from '../../support/softhsm.ts'
import { verifyByElliptic } from '../../unit/crypto/independent.ts'

const tools = enclaveTools()
/** The processor is emulated. */
const patient = { requestTimeoutMs: 60_000, totalTimeoutMs: 60_000 }
const canHaveHsm = tools !== undefined && describePkcs11() === describe
const describeEnclave = tools === undefined ? describe.skip : describe
const keys = {
  P256: { wallet: 'P256', algorithm: 'ECDSA_P256' },
  secp256k1: { wallet: 'secp256k1', algorithm: 'ECDSA_secp256k1' },
  pair: { wallet: 'pair', algorithm: 'ECDSA_P256' },
  late: { wallet: 'late', algorithm: 'ECDSA_P256' },
} as const
const mintKey = {
  wallet: 'mint',
  algorithm: 'ECDSA_secp256k1',
  payload: true,
  envelope: true,
  userMessages: false,
}
const context = { enclave: ENCLAVE_NAME }

describeEnclave('a guest that plays the enclave', () => {
  let enclave: GuestEnclave
  let hsm: GuestHsm | undefined
  let chain: FlowChain
  let account: MintAccount
  const contentKey = new Uint8Array(randomBytes(32))
  const opened = new Map<string, Uint8Array>()
  const watched = () =>
    enclave.around.kms.set({
      tamper({ request, plaintext, reply, encrypt }) {
        const { wallet } = Object(request['EncryptionContext'])
        opened.set(wallet, plaintext)
        return { ...reply, CiphertextForRecipient: encrypt(plaintext, { contentKey }) }
      },
    })

  beforeAll(async () => {
    if (tools === undefined) return
    hsm = canHaveHsm ? await makeGuestHsm(tools) : undefined
    chain = await startChain()
    account = await createMintAccount(chain, 0)
    const { address, rule } = account
    enclave = await startGuestEnclave(
      tools,
      { ...keys, mint: { ...mintKey, accounts: [address] } },
      'anything',
      { ...hsm, policy: { chainId: 'flow-emulator', accounts: [address], scripts: [rule] } },
    )
    watched()
    for (const name of ['P256', 'secp256k1']) await enclave.host.create(name)
    // One that KMS made, whose private key comes as PKCS#8.
    const { client: kms, keyArn: keyId, recipient } = enclave.around
    const ours = { kms, keyId, store: enclave.store, recipient, context, ...patient }
    const made = { algorithm: 'ECDSA_P256', generatedBy: 'kms' } as const
    for (const wallet of ['pair', 'late']) await createSealedKeys(ours).create(wallet, made)
  }, 180_000)
  afterAll(async () => {
    await Promise.all([enclave?.[Symbol.asyncDispose](), chain?.[Symbol.asyncDispose]()])
    hsm?.[Symbol.dispose]()
  })

  const remote = (key: string, more: Partial<RemoteSignerOptions> = {}) =>
    createRemoteSigner({
      socketPath: enclave.door.address,
      key,
      ...patient,
      ...more,
    } as RemoteSignerOptions)

  async function secretsOf(id: string): Promise<Readonly<Record<string, Uint8Array>>> {
    const record = readRecord(id, (await enclave.store.read(id)) ?? new Uint8Array())
    const plaintext = opened.get(id) ?? new Uint8Array()
    if (record.form === 'key-pair') {
      const scalar = scalarOfPkcs8(plaintext, record.algorithm, record.publicKey)
      return { 'private key': scalar ?? new Uint8Array() }
    }
    const bound = boundContext(context).digest
    const info = Buffer.concat([
      Buffer.from('fcl-kms sealed key 1'),
      createHash('sha256').update(record.header).update(bound).digest(),
    ])
    return {
      'private key': openScalar(plaintext, { ...record, context: bound }) ?? new Uint8Array(),
      'data key': plaintext,
      'key of the seal': new Uint8Array(hkdfSync('sha256', plaintext, '', info, 32)),
    }
  }

  /** How often the memory of the whole machine has them, in either order of bytes, and a text. */
  async function foundInMemory(control: string): Promise<Record<string, number>> {
    const secrets: Record<string, Uint8Array> = { 'content key': contentKey }
    for (const id of Object.keys(keys))
      for (const [name, secret] of Object.entries(await secretsOf(id)))
        secrets[`${name} of ${id}`] = secret
    const needles: Record<string, Uint8Array> = { control: Buffer.from(control) }
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret).toHaveLength(32)
      needles[name] = secret.subarray(0, 16)
      needles[`little-endian ${name}`] = secret.slice().reverse().subarray(0, 16)
    }
    const guest = enclave.runner.guest()
    if (guest === undefined) throw new Error('there is no guest')
    process.kill(guest.pid, 'SIGSTOP')
    try {
      return searchMemoryFile(guest.memoryFile, needles)
    } finally {
      process.kill(guest.pid, 'SIGCONT')
    }
  }

  for (const key of ['P256', 'secp256k1'] as const)
    describeSignerContract(
      `The signer in a guest`,
      async () => ({
        signer: remote(key),
        hasty: remote(key, { totalTimeoutMs: 2_000 }),
        secrets: [KMS_SECRET],
        freeze: async () => void process.kill(enclave.runner.guest()?.pid ?? 0, 'SIGSTOP'),
        restore: async () => void process.kill(enclave.runner.guest()?.pid ?? 0, 'SIGCONT'),
      }),
      { algorithms: [keys[key].algorithm], faults: ['freeze'] },
    )

  it('would be found to have kept keys', async () => {
    for (const key of ['P256', 'pair'] as const)
      await remote(key).sign({
        message: userMessage(Buffer.from('a careless word')),
        hashAlgorithm: 'SHA3_256',
      })
    const found = await foundInMemory('a careless word')
    for (const name of ['control', 'content key', 'data key of P256', 'private key of pair'])
      expect({ [name]: found[name] }).not.toEqual({ [name]: 0 })
  })

  it('is started again when it dies in mid-request, and its client is told', async () => {
    const { host, runner, around } = enclave
    const asked = new Promise<void>((resolve) => {
      around.kms.set({
        tamper() {
          resolve()
          return new Promise(() => undefined) // an answer that never comes
        },
      })
    })
    const message = userMessage(Buffer.from('lost'))
    const started = performance.now()
    const lost = remote('late', { totalTimeoutMs: 6_000 }).sign({
      message,
      hashAlgorithm: 'SHA3_256',
    })
    lost.catch(() => undefined)
    await asked
    enclave.setProgram('shipped')
    process.kill(runner.guest()?.pid ?? 0, 'SIGKILL')
    const error = await lost.catch((thrown: unknown) => thrown)
    watched()
    expect(error).toMatchObject({ name: 'SignerError', code: 'REMOTE_SIGNER_UNAVAILABLE' })
    expect(performance.now() - started).toBeLessThan(12_000)
    await host.ready()
    expect(enclave.events.filter(({ kind }) => kind === 'ended')).toEqual([
      { kind: 'ended', reason: 'its machine ended by SIGKILL' },
    ])
    expect(host.stats()).toMatchObject({ state: 'up', restarts: 1 })
  }, 120_000)

  it.each(['P256', 'secp256k1', 'pair'] as const)('signs with %s, as shipped', async (key) => {
    const signer = remote(key)
    for (const hashAlgorithm of ['SHA2_256', 'SHA3_256'] as const) {
      const message = userMessage(Buffer.from('a careful word'))
      expect(await signer.sign({ message, hashAlgorithm })).toHaveLength(64)
    }
  })

  // A token in the guest shows the way, and protects nothing.
  ;(canHaveHsm ? it : it.skip).each(hsmKeys)('signs on a token of SoftHSM with %s', async (key) => {
    const known = hsm?.publicKeys.get(key)
    if (known === undefined) throw new Error('there is no such key')
    const signer = remote(key)
    const message = userMessage(Buffer.from('a careful word'))
    const signature = await signer.sign({ message, hashAlgorithm: 'SHA3_256' })
    const { bytes } = await signer.publicKey()
    expect(Buffer.from(bytes).equals(known.publicKey)).toBe(true)
    expect(verifyByElliptic(known, message, 'SHA3_256', signature)).toBe(true)
    expect(enclave.runner.guest()?.console()).not.toContain(hsm?.pin)
  })

  it('seals a mint by 500 with a key in KMS, and no other transaction', async () => {
    const { aws } = enclave.around
    const client = new KMSClient(aws.clientConfig())
    const spec = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } as const
    const { KeyMetadata } = await client.send(new CreateKeyCommand(spec))
    const inKms = createAwsKmsSigner({ client, keyId: KeyMetadata?.Arn ?? '' })
    await enclave.host.create('mint')
    const inEnclave = remote('mint')
    const { address, authorizer, mint, minted } = account
    const halves = [inKms, inEnclave].map((signer) => ({ signer, weight: 500 }))
    const added = await chain.addKeys(authorizer.authorize(address), halves)
    expect(added.errorCodes).toEqual([])
    const both = KmsAuthorizer.fromSigners([inKms, inEnclave], { accessNode: chain.url })
    const authz = both.authorize(address)
    const { errorCodes } = await chain.send({ ...mint('by an enclave'), authz })
    expect(errorCodes).toEqual([])
    expect((await minted()).get('by an enclave')).toHaveLength(1)
    await expect(chain.send({ cadence: noop, authz, limit: 100 })).rejects.toMatchObject({
      code: 'REMOTE_SIGNER_REFUSED',
      context: expect.objectContaining({ serviceCode: 'POLICY_REFUSED' }),
    })
    client.destroy()
  })

  it('signs nothing that it cannot read', async () => {
    await expect(
      remote('P256').sign({ message: new Uint8Array(100), hashAlgorithm: 'SHA3_256' }),
    ).rejects.toMatchObject({ code: 'REMOTE_SIGNER_REFUSED' })
  })

  it('attests a key by its own /dev/nsm', async () => {
    const [root] = enclave.around.module.chain()
    const before = enclave.around.module.attested()
    const { publicKey, attestation } = await attestKey({
      socketPath: enclave.door.address,
      key: 'secp256k1',
      pcrs: PCRS,
      root: root?.certificate ?? new Uint8Array(),
    })
    expect(publicKey).toMatch(/^[0-9a-f]{128}$/)
    expect(attestation.moduleId).toMatch(/^i-/)
    expect(enclave.around.module.attested()).toBeGreaterThan(before)
  })

  it('has no copy of a key in all of its memory, after many signatures', async () => {
    const word = 'a word to look for'
    const message = userMessage(Buffer.from(word))
    for (let index = 0; index < 5; index++)
      for (const key of ['P256', 'secp256k1', 'pair'] as const)
        await remote(key).sign({ message, hashAlgorithm: 'SHA3_256' })
    const { control, ...found } = await foundInMemory(word)
    expect(control).toBeGreaterThan(0)
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, 0])))
  })

  it('serves 32 clients at once, beside slow ones and such as say nothing that it reads', async () => {
    const open = () =>
      connectVsock({ socketPath: enclave.vsockPath, port: 5_000, timeoutMs: 20_000 })
    const slow = await Promise.all(Array.from({ length: 4 }, open))
    for (const socket of slow) socket.write('POST / HTTP/1.1\r\nhost: x\r\n')
    const garbage = await Promise.all(Array.from({ length: 4 }, open))
    const refused = garbage.map((socket) => once(socket, 'data'))
    for (const socket of garbage) socket.write(randomBytes(20_000))
    const message = userMessage(Buffer.from('one of many'))
    const signed = await Promise.all(
      Array.from({ length: 32 }, () =>
        remote('P256', { maxSockets: 1 }).sign({ message, hashAlgorithm: 'SHA3_256' }),
      ),
    )
    expect(new Set(signed.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(32)
    for (const [answer] of await Promise.all(refused))
      expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /)
    for (const socket of [...slow, ...garbage]) socket.destroy()
    expect(enclave.host.stats()).toMatchObject({ state: 'up' })
  })

  it('signs nothing while its security module says more than it may, and then again', async () => {
    const { module } = enclave.around
    const message = userMessage(Buffer.from('anything'))
    const sign = () => remote('P256').sign({ message, hashAlgorithm: 'SHA3_256' })
    module.set({ reply: () => new Uint8Array(0x3001) })
    await expect(sign()).rejects.toMatchObject({ name: 'SignerError' })
    module.reset()
    expect(await sign()).toHaveLength(64)
  })
})
