import { createServer } from 'node:http'
import { KMSClient } from '@aws-sdk/client-kms'
import { KmsAuthorizer, type SignEvent, SignerError } from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type Fcl, loadFcl } from '../support/fcl.ts'
import { type FlowChain, noop, startChainAndKms } from '../support/flow-chain.ts'
import { countCalls, type TestKms } from '../support/kms.ts'

let chain: FlowChain
let kms: TestKms
let fcl: Fcl

beforeAll(async () => {
  console.error = () => undefined // FCL prints every failure; the console is this file's own
  ;({ chain, kms } = await startChainAndKms())
  fcl = await loadFcl()
})

afterAll(async () => {
  await Promise.all([chain?.[Symbol.asyncDispose](), kms?.[Symbol.asyncDispose]()])
})

const secp256k1 = () => createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' })
const p256 = () => createSoftwareSigner({ algorithm: 'ECDSA_P256' })
const refusal = (code: string) => expect.objectContaining({ code })

/** An authorizer over software keys that counts its signatures. */
function counting(signers: Parameters<typeof KmsAuthorizer.fromSigners>[0], options = {}) {
  const events: SignEvent[] = []
  const onSign = (event: SignEvent) => events.push(event)
  const authorizer = KmsAuthorizer.fromSigners(signers, {
    accessNode: chain.url,
    onSign,
    ...options,
  })
  return { authorizer, events }
}

describe('keys of an account', () => {
  it('are bound by public key, whatever the order of the signers', async () => {
    const keys = [secp256k1(), p256(), secp256k1(), p256()] as const
    const stranger = secp256k1()
    const address = await chain.createAccount(
      [stranger, ...keys].map((signer) => ({ signer, weight: 250 })),
    )
    const [a, b, c, d] = keys
    const { authorizer, events } = counting([d, b, a, c])
    const { errorCodes } = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    expect(errorCodes).toEqual([])
    expect(events.map(({ keyIndex }) => keyIndex).sort()).toEqual([1, 2, 3, 4])
  })

  it('sign with the hash algorithm that the chain names', async () => {
    const signer = p256()
    const address = await chain.createAccount([{ signer, weight: 1000, hashAlgorithm: 'SHA2_256' }])
    const { authorizer, events } = counting(signer)
    const { errorCodes } = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    expect(errorCodes).toEqual([])
    expect(events[0]?.hashAlgorithm).toBe('SHA2_256')
  })

  it('are refused before anything is sent when a signer hashes otherwise', async () => {
    const signer = p256()
    const address = await chain.createAccount([{ signer, weight: 1000, hashAlgorithm: 'SHA2_256' }])
    const wrongHash = {
      id: 'wrong-hash',
      publicKey: signer.publicKey,
      sign: (request: Parameters<typeof signer.sign>[0]) =>
        signer.sign({ ...request, hashAlgorithm: 'SHA3_256' }),
    }
    const { authorizer } = counting(wrongHash)
    const sent = chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    await expect(sent).rejects.toEqual(refusal('SIGNATURE_INVALID'))
  })

  it('sign once for two indexes that share a public key', async () => {
    const signer = secp256k1()
    const address = await chain.createAccount([
      { signer, weight: 1000 },
      { signer, weight: 0 },
    ])
    const { authorizer, events } = counting(signer)
    const authz = authorizer.authorize(address, { proposalKeyIndex: 1 })
    const { errorCodes } = await chain.send({ cadence: noop, authz })
    expect({ errorCodes, signatures: events.length }).toEqual({ errorCodes: [], signatures: 1 })
    expect(await chain.sequenceNumber(address, 1)).toBe(1)
  })

  it('sign in whatever order the indexes are given', async () => {
    const [a, b] = [secp256k1(), p256()]
    const address = await chain.createAccount([
      { signer: a, weight: 500 },
      { signer: b, weight: 500 },
    ])
    const { authorizer, events } = counting([a, b])
    const { errorCodes } = await chain.send({
      cadence: noop,
      authz: authorizer.authorize(address, [1, 0]),
    })
    expect(errorCodes).toEqual([])
    expect(events.map(({ keyIndex }) => keyIndex)).toEqual([1, 0])
    expect(await chain.sequenceNumber(address, 1)).toBe(1)
  })
})

describe('explicit indexes', () => {
  it.each([
    ['unknown', 9, 'KEY_INDEX_UNKNOWN'],
    ['revoked', 1, 'KEY_REVOKED'],
    ['not held', 2, 'KEY_NOT_HELD'],
  ])('refuse one that is %s before any signature', async (_, keyIndex, code) => {
    const [a, b, stranger] = [secp256k1(), p256(), p256()]
    const address = await chain.createAccount([
      { signer: a, weight: 1000 },
      { signer: b, weight: 1000 },
      { signer: stranger, weight: 500 },
    ])
    const { authorizer, events } = counting([a, b])
    const revoked = await chain.revokeKey(authorizer.authorize(address, 0), 1)
    expect(revoked.errorMessage).toBe('')
    events.length = 0
    const sent = chain.send({ cadence: noop, authz: authorizer.authorize(address, keyIndex) })
    await expect(sent).rejects.toEqual(refusal(code))
    expect(events).toEqual([])
  })

  it.each([-1, 1.5, Number.NaN, 2 ** 32])('refuse %p at once', (keyIndex) => {
    const { authorizer } = counting(p256())
    expect(() => authorizer.authorize(chain.serviceAddress, keyIndex)).toThrow(
      refusal('INVALID_KEY_INDEX'),
    )
  })
})

describe('keys that change on chain', () => {
  it('are read again when an index is asked for that was not there', async () => {
    const [a, b] = [secp256k1(), p256()]
    const address = await chain.createAccount([{ signer: a, weight: 1000 }])
    const { authorizer } = counting([a, b])
    const authz = authorizer.authorize(address)
    await expect(
      chain.send({ cadence: noop, authz: authorizer.authorize(address, 1) }),
    ).rejects.toEqual(refusal('KEY_INDEX_UNKNOWN'))
    expect((await chain.addKeys(authz, [{ signer: b, weight: 1000 }])).errorMessage).toBe('')
    const { errorCodes } = await chain.send({
      cadence: noop,
      authz: authorizer.authorize(address, 1),
    })
    expect(errorCodes).toEqual([])
  })

  it('are read again after a transaction that the chain refused for a revoked key', async () => {
    const [a, b, c] = [secp256k1(), p256(), secp256k1()]
    const address = await chain.createAccount([
      { signer: a, weight: 500 },
      { signer: b, weight: 500 },
      { signer: c, weight: 500 },
    ])
    const ours = counting([a, b, c])
    const theirs = counting([a, c])
    const authz = ours.authorizer.authorize(address)
    expect((await chain.send({ cadence: noop, authz })).errorCodes).toEqual([])
    // Somebody else revokes key 1, which our authorizer has chosen and does not know of.
    expect((await chain.revokeKey(theirs.authorizer.authorize(address), 1)).errorMessage).toBe('')
    expect((await chain.send({ cadence: noop, authz })).errorCodes).toContain(1006)
    expect((await chain.send({ cadence: noop, authz })).errorCodes).toEqual([])
    expect(ours.events.slice(-2).map(({ keyIndex }) => keyIndex)).toEqual([0, 2])
  })

  it('of an account that only pays are read again after forgetKeys', async () => {
    const [a, b, c] = [secp256k1(), p256(), secp256k1()]
    const address = await chain.createAccount([a, b, c].map((signer) => ({ signer, weight: 500 })))
    const { authorizer, events } = counting([a, b, c])
    const pay = {
      cadence: noop,
      proposer: chain.service,
      authorizations: [chain.service],
      payer: authorizer.authorize(address),
    }
    expect((await chain.send(pay)).errorCodes).toEqual([])
    const others = counting([a, c]).authorizer.authorize(address)
    expect((await chain.revokeKey(others, 1)).errorMessage).toBe('')
    expect((await chain.send(pay)).errorCodes).toContain(1006)
    authorizer.forgetKeys(address)
    expect((await chain.send(pay)).errorCodes).toEqual([])
    expect(events.slice(-2).map(({ keyIndex }) => keyIndex)).toEqual([0, 2])
  })

  it('are read once for many transactions otherwise', async () => {
    const signer = p256()
    const address = await chain.createAccount([{ signer, weight: 1000 }])
    await using node = await countingProxy(chain.url)
    const { authorizer } = counting(signer, { accessNode: node.url })
    for (let round = 0; round < 3; round++) {
      const sent = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
      expect(sent.errorCodes).toEqual([])
    }
    const bare = address.slice(2)
    expect(node.paths).toEqual([
      `/v1/accounts/${bare}?expand=keys&block_height=sealed`,
      `/v1/accounts/${bare}/keys/0?block_height=final`,
      `/v1/accounts/${bare}/keys/0?block_height=final`,
      `/v1/accounts/${bare}/keys/0?block_height=final`,
    ])
  })
})

describe('an account that cannot sign', () => {
  it('is refused when it holds none of our keys', async () => {
    const address = await chain.createAccount([{ signer: p256(), weight: 1000 }])
    const { authorizer, events } = counting(p256())
    const sent = chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    await expect(sent).rejects.toEqual(refusal('NO_KEY_HELD'))
    expect(events).toEqual([])
  })

  it('is refused when our weights do not reach 1,000', async () => {
    const [a, b] = [secp256k1(), p256()]
    const address = await chain.createAccount([
      { signer: a, weight: 999 },
      { signer: b, weight: 1000 },
    ])
    const { authorizer, events } = counting(a)
    const sent = chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    await expect(sent).rejects.toMatchObject({
      code: 'WEIGHT_TOO_LOW',
      context: { address, weight: 999, required: 1000 },
    })
    expect(events).toEqual([])
  })

  it('is refused when it does not exist (the sixtieth address of the chain)', async () => {
    const { authorizer } = counting(p256())
    const sent = chain.send({ cadence: noop, authz: authorizer.authorize('0x07477ebf1f4d4c21') })
    await expect(sent).rejects.toEqual(refusal('ACCOUNT_NOT_FOUND'))
  })

  it('is refused when it belongs to another chain', async () => {
    const { authorizer } = counting(p256())
    const sent = chain.send({ cadence: noop, authz: authorizer.authorize('0x1d7e57aa55817448') })
    await expect(sent).rejects.toEqual(refusal('CHAIN_MISMATCH'))
  })

  it.each(['', '0x1', 'f8d6e0586b0a20c', 'f8d6e0586b0a20c77', '0xf8d6e0586b0a20cg'])(
    'is refused at once when its address is %p',
    (address) => {
      const { authorizer } = counting(p256())
      expect(() => authorizer.authorize(address)).toThrow(refusal('INVALID_ADDRESS'))
    },
  )
})

describe('the access node', () => {
  it('is refused when it serves another chain than the one named', async () => {
    const { authorizer, events } = counting(p256(), { chainId: 'flow-testnet' })
    const sent = chain.send({ cadence: noop, authz: authorizer.authorize(chain.serviceAddress) })
    await expect(sent).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      context: { expected: 'flow-testnet', actual: 'flow-emulator' },
    })
    expect(events).toEqual([])
  })

  it('is accepted when it serves the chain named', async () => {
    const signer = p256()
    const address = await chain.createAccount([{ signer, weight: 1000 }])
    const { authorizer } = counting(signer, { chainId: 'flow-emulator' })
    const { errorCodes } = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    expect(errorCodes).toEqual([])
  })

  it('is named when it cannot be reached', async () => {
    const accessNode = { url: 'http://127.0.0.1:9', timeoutMs: 500 }
    const { authorizer } = counting(p256(), { accessNode })
    const sent = chain.send({ cadence: noop, authz: authorizer.authorize(chain.serviceAddress) })
    await expect(sent).rejects.toMatchObject({
      code: 'ACCESS_NODE_UNREACHABLE',
      context: { accessNode: accessNode.url },
    })
  })

  it('is taken from FCL’s configuration when none is given', async () => {
    const signer = p256()
    const address = await chain.createAccount([{ signer, weight: 1000 }])
    const authorizer = KmsAuthorizer.fromSigners(signer)
    const { errorCodes } = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    expect(errorCodes).toEqual([])
  })

  it('is asked for when neither FCL nor the options name one', async () => {
    fcl.config({ 'accessNode.api': '' })
    const authorizer = KmsAuthorizer.fromSigners(p256())
    const sent = authorizer.signUserMessage(chain.serviceAddress, '00')
    await expect(sent).rejects.toEqual(refusal('ACCESS_NODE_NOT_SET'))
    fcl.config({ 'accessNode.api': chain.url })
  })
})

it('a caller who gives up is told so, and nothing is sent', async () => {
  const reason = new Error('not any more')
  const controller = new AbortController()
  const signer = p256()
  const address = await chain.createAccount([{ signer, weight: 1000 }])
  const slow = { ...signer, sign: () => new Promise<never>(() => controller.abort(reason)) }
  const { authorizer } = counting({ ...slow, publicKey: signer.publicKey })
  const authz = authorizer.authorize(address, { signal: controller.signal })
  await expect(chain.send({ cadence: noop, authz })).rejects.toBe(reason)
  expect(await chain.sequenceNumber(address, 0)).toBe(0)
})

describe('signers of several kinds', () => {
  it('share an account: a KMS key and a software key', async () => {
    const [inKms, inMemory] = [
      createAwsKmsSigner({ client: kms.client, keyId: await kms.createKey() }),
      p256(),
    ]
    const address = await chain.createAccount([
      { signer: inKms, weight: 500 },
      { signer: inMemory, weight: 500 },
    ])
    const { authorizer, events } = counting([inMemory, inKms])
    const { errorCodes } = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    expect(errorCodes).toEqual([])
    const ofKms = events.find(({ signerId }) => signerId === inKms.id)
    expect(ofKms).toMatchObject({
      attempts: 1,
      keyIndex: 0,
      requestId: expect.any(String),
      backendKeyId: expect.stringMatching(/^arn:aws:kms:us-east-1:\d{12}:key\//),
      kind: 'transaction',
      transaction: { part: 'envelope', payer: address, computeLimit: 9_999 },
    })
    expect(
      JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    ).not.toContain('prepare')
  })

  it('share an account: keys of two KMS clients in two Regions', async () => {
    const west = new KMSClient({ ...kms.aws.clientConfig(), region: 'us-west-2' })
    const calls = countCalls(west)
    const alias = 'alias/same-name-in-both'
    const { CreateAliasCommand, CreateKeyCommand } = await import('@aws-sdk/client-kms')
    for (const client of [kms.client, west]) {
      const spec = { KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' } as const
      const { KeyMetadata } = await client.send(new CreateKeyCommand(spec))
      const command = { AliasName: alias, TargetKeyId: KeyMetadata?.KeyId }
      await client.send(new CreateAliasCommand(command))
    }
    const signers = [kms.client, west].map((client) => createAwsKmsSigner({ client, keyId: alias }))
    const [first, second] = await Promise.all(signers.map((signer) => signer.publicKey()))
    expect(first?.bytes).not.toEqual(second?.bytes)
    const address = await chain.createAccount(signers.map((signer) => ({ signer, weight: 500 })))
    const { authorizer } = counting(signers)
    const { errorCodes } = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    expect(errorCodes).toEqual([])
    expect(calls.get('Sign')).toBe(1)
    west.destroy()
  })

  it('keep signing with the key they started with when the alias is pointed elsewhere', async () => {
    const { CreateAliasCommand, UpdateAliasCommand } = await import('@aws-sdk/client-kms')
    const [before, after] = [await kms.createKey(), await kms.createKey()]
    const alias = 'alias/repointed'
    await kms.client.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: before }))
    const signer = createAwsKmsSigner({ client: kms.client, keyId: alias })
    const address = await chain.createAccount([{ signer, weight: 1000 }])
    await kms.client.send(new UpdateAliasCommand({ AliasName: alias, TargetKeyId: after }))
    const { authorizer } = counting(signer)
    const { errorCodes } = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    expect(errorCodes).toEqual([])
    const fresh = await createAwsKmsSigner({ client: kms.client, keyId: alias }).publicKey()
    expect(fresh.bytes).not.toEqual((await signer.publicKey()).bytes)
  })
})

describe('signers of one key', () => {
  const down = async () => {
    throw new SignerError('KMS_TIMEOUT', {
      keyId: 'down',
      limit: 'requestTimeoutMs',
      attempts: 1,
      elapsedMs: 1,
    })
  }

  it('sign when one of them is down before it told its public key', async () => {
    const up = p256()
    const address = await chain.createAccount([{ signer: up, weight: 1000 }])
    const { authorizer } = counting([{ id: 'down', publicKey: down, sign: down }, up])
    const { errorCodes } = await chain.send({ cadence: noop, authz: authorizer.authorize(address) })
    expect(errorCodes).toEqual([])
  })

  it('say why one is down when the others do not reach the weight', async () => {
    const [up, other] = [p256(), p256()]
    const address = await chain.createAccount([
      { signer: up, weight: 500 },
      { signer: other, weight: 500 },
    ])
    const { authorizer } = counting([{ id: 'down', publicKey: down, sign: down }, up])
    await expect(authorizer.proposalKey(address)).rejects.toThrow(refusal('KMS_TIMEOUT'))
  })
})

/** Passes requests on and notes their paths. */
async function countingProxy(target: string) {
  const paths: string[] = []
  const server = createServer(async (request, response) => {
    paths.push(request.url ?? '')
    const reply = await fetch(`${target}${request.url}`)
    response.writeHead(reply.status, { 'content-type': 'application/json' })
    response.end(Buffer.from(await reply.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    paths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
