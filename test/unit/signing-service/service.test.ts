import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { accountProofMessage } from '../../../src/crypto/messages.ts'
import {
  encodeTransaction,
  envelopeMessage,
  payloadMessage,
  type Transaction,
} from '../../../src/crypto/transaction.ts'
import { SignerError } from '../../../src/errors.ts'
import { decodeReply } from '../../../src/signers/remote/protocol-replies.ts'
import { createSigningService, type ServiceCall } from '../../../src/signing-service/index.ts'
import {
  address,
  amountOf,
  asking,
  askingEnvelope,
  askingPayload,
  changed,
  fullKey,
  other,
  policy,
  refusedWith,
  serviceWith,
  signer,
  tagged,
  transaction,
  verifies,
} from './fixture.ts'

const proof = { appIdentifier: 'My App', nonce: 'ab'.repeat(32) }
const digest = createHash('sha3-256').update(payloadMessage(transaction)).digest()

describe('a signing service', () => {
  it.each([
    ['a payload', payloadMessage(transaction)],
    ['an envelope', envelopeMessage(transaction)],
    ['an account proof', accountProofMessage(address, proof)],
  ])('signs %s that is allowed, over the bytes that were sent', async (_name, message) => {
    const { service } = serviceWith()
    const { status, body } = await service.handle(asking(message))
    expect(status).toBe(200)
    expect(await verifies(body, message)).toBe(true)
    expect(decodeReply(body).answer).toMatchObject({
      key: 'minter',
      signatureAlgorithm: 'ECDSA_P256',
      publicKey: (await signer.publicKey()).bytes,
      keyId: signer.id,
    })
  })

  it('tells the public key of a name', async () => {
    const { service, events } = serviceWith()
    const said = await service.handle({ version: 1, operation: 'publicKey', key: 'minter' })
    const { bytes: publicKey } = await signer.publicKey()
    expect(decodeReply(said.body).answer).toMatchObject({ key: 'minter', publicKey })
    expect(said.body).not.toHaveProperty('signature')
    expect(events).toMatchObject([{ operation: 'publicKey', outcome: 'told' }])
  })

  it('signs user messages where the key says so', async () => {
    const keys = { minter: { signer, userMessages: true } }
    const { service } = serviceWith({ keys })
    const { body } = await service.handle(asking(tagged('hello')))
    expect(await verifies(body, tagged('hello'))).toBe(true)
  })

  it('asks a rule about the content of user messages', async () => {
    const seen: string[] = []
    const userMessages = (content: Uint8Array) => {
      seen.push(Buffer.from(content).toString())
      if (content.length > 5) throw new Error('it is too long')
    }
    const { service } = serviceWith({ keys: { minter: { signer, userMessages } } })
    expect((await service.handle(asking(tagged('hello')))).status).toBe(200)
    expect(await service.handle(asking(tagged('hello you')))).toEqual(
      refusedWith('POLICY_REFUSED', 403, 'it is too long'),
    )
    expect(seen).toEqual(['hello', 'hello you'])
  })

  const script = { cadence: `${transaction.cadence} ` }
  it.each<readonly [string, Partial<Transaction>, string]>([
    ['another script', script, 'no rule names this script'],
    ['an amount over the limit', amountOf('10.00000001'), 'pay, argument 0: '],
    ['a compute limit over the limit', { computeLimit: 201 }, 'pay: the compute limit'],
    ['an argument more', { arguments: [...transaction.arguments, '{}'] }, 'pay, arguments'],
    ['another authorizer', { authorizers: [address, '0x179b6b1cb6755e31'] }, 'an authorizer is'],
    ['another payer', { payer: '0x179b6b1cb6755e31' }, 'payer is not an account'],
  ])('refuses %s', async (_name, change, reason) => {
    const { service } = serviceWith()
    const said = await service.handle(askingPayload(changed(change)))
    expect(said).toEqual(refusedWith('POLICY_REFUSED', 403))
    expect(JSON.stringify(said.body)).toContain(reason)
  })

  it.each<readonly [string, Uint8Array, string]>([
    ['a digest', digest, 'MALFORMED_MESSAGE'],
    ['a digest in the middle of nothing', Buffer.concat([digest, digest]), 'MALFORMED_MESSAGE'],
    ['nothing', new Uint8Array(), 'MALFORMED_MESSAGE'],
    ['a whole transaction', encodeTransaction(transaction), 'MALFORMED_MESSAGE'],
    [
      'a whole transaction behind the tag',
      Buffer.concat([payloadMessage(transaction).subarray(0, 32), encodeTransaction(transaction)]),
      'MALFORMED_TRANSACTION',
    ],
  ])('never signs %s', async (_name, message, code) => {
    const { service, events } = serviceWith({
      keys: { minter: { ...fullKey, userMessages: true } },
    })
    expect(await service.handle(asking(message))).toEqual(refusedWith(code, 400))
    expect(events).toMatchObject([{ outcome: 'refused', errorCode: code }])
  })

  it.each<readonly [string, Uint8Array, object]>([
    ['payloads', payloadMessage(transaction), { payload: false }],
    ['envelopes', envelopeMessage(transaction), { envelope: false }],
    ['user messages', tagged('hello'), {}],
    ['account proofs', accountProofMessage(address, proof), { accountProofs: [] }],
    ['proofs for other apps', accountProofMessage(address, { ...proof, appIdentifier: 'A' }), {}],
    ['proofs of other accounts', accountProofMessage(other, proof), {}],
    ['payloads of others', payloadMessage(transaction), { accounts: [other] }],
    ['envelopes that another pays', envelopeMessage(changed({ payer: other })), {}],
  ])('refuses %s where they are not named', async (_name, message, change) => {
    const { service } = serviceWith({ keys: { minter: { ...fullKey, ...change } } })
    expect(await service.handle(asking(message))).toEqual(refusedWith('SIGNING_DENIED', 403))
  })

  it('takes an account as authorizer, as proposer, and with the payer of another', async () => {
    const { service } = serviceWith({ keys: { minter: { ...fullKey, accounts: [other] } } })
    const proposalKey = { ...transaction.proposalKey, address: other }
    const asked = [{ authorizers: [address, other] }, { proposalKey }, { payer: other }]
    const said = await Promise.all(
      asked.map((change) => service.handle(askingPayload(changed(change)))),
    )
    expect(said.map(({ status }) => status)).toEqual([200, 200, 403])
  })

  it.each<readonly [string, unknown, string, number]>([
    ['a name that is unknown', { ...asking(digest), key: 'burner' }, 'SIGNING_KEY_UNKNOWN', 404],
    ['a name of every object', { ...asking(digest), key: 'toString' }, 'SIGNING_KEY_UNKNOWN', 404],
    ['no request', 'hello', 'SIGNING_REQUEST_MALFORMED', 400],
    ['a digest field', { ...asking(digest), digest: 'ab' }, 'SIGNING_REQUEST_MALFORMED', 400],
  ])('refuses %s', async (_name, request, code, status) => {
    const { service } = serviceWith()
    expect(await service.handle(request)).toEqual(refusedWith(code, status))
  })

  it('refuses or signs just what it was sent, whichever byte of a message is changed', async () => {
    const { service } = serviceWith()
    const message = envelopeMessage(transaction)
    for (const [at, byte] of message.entries()) {
      const changed = message.with(at, byte ^ (1 << (at % 8)))
      const { status, body } = await service.handle(asking(changed))
      if (status !== 200) continue
      expect(await verifies(body, changed)).toBe(true)
      expect(await verifies(body, message)).toBe(false)
    }
  })

  it('answers whatever a door tells of a call', async () => {
    const { service } = serviceWith()
    for (const call of [undefined, null, 7, { timeoutMs: Number.NaN }, { signal: {} }]) {
      const given = call as ServiceCall // what the types do not allow
      expect(await service.handle(askingEnvelope(), given)).toHaveProperty('status')
      expect(service.refuse(new Error('it failed'), given)).toMatchObject({ status: 500 })
    }
  })

  it('answers anything', async () => {
    const { service } = serviceWith()
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (request) => {
        const { status, body } = await service.handle(request)
        expect(status).toBe(400)
        expect(decodeReply(body).refusal?.code).toBe('SIGNING_REQUEST_MALFORMED')
      }),
    )
  })
})

describe('the policy of a signing service', () => {
  const message = askingPayload()

  it('is told the key, the part, the caller and the approvals', async () => {
    const seen: unknown[] = []
    const { service } = serviceWith({
      policy: (payload, context) => {
        seen.push([payload.cadence, context])
      },
    })
    const approvals = ['one', 'two']
    await service.handle({ ...askingEnvelope(), approvals }, { caller: 'arn:aws:iam::1:role/a' })
    const context = { key: 'minter', part: 'envelope', approvals, caller: 'arn:aws:iam::1:role/a' }
    expect(seen).toEqual([[transaction.cadence, context]])
  })

  it.each<readonly [string, () => unknown, string, number]>([
    ['true', () => true, 'POLICY_FAILED', 500],
    ['false', () => false, 'POLICY_FAILED', 500],
    ['null', () => null, 'POLICY_FAILED', 500],
    ['an empty verdict', () => ({}), 'POLICY_FAILED', 500],
    ['a promise of something', async () => 'yes', 'POLICY_FAILED', 500],
    ['an error that is thrown', () => fail(new Error('no')), 'POLICY_REFUSED', 403],
    ['an error that comes later', async () => fail(new Error('no')), 'POLICY_FAILED', 500],
    [
      'a refusal that comes later',
      async () => fail(new SignerError('POLICY_REFUSED', { reason: 'no' })),
      'POLICY_REFUSED',
      403,
    ],
    [
      'a passing fault',
      async () => fail(new SignerError('STORE_UNAVAILABLE', { operation: 'read' })),
      'STORE_UNAVAILABLE',
      503,
    ],
  ])('allows by undefined alone: %s does not', async (_name, said, code, status) => {
    let asked = 0
    const keys = { minter: { ...fullKey, signer: { ...signer, sign: count } } }
    async function count(): Promise<never> {
      asked += 1
      throw new Error('it was asked')
    }
    // What a policy in JavaScript may say.
    const { service } = serviceWith({ keys, policy: said as () => undefined })
    expect(await service.handle(message)).toEqual(refusedWith(code, status))
    expect(asked).toBe(0)
  })
})

function fail(error: Error): never {
  throw error
}

describe('what a signing service tells', () => {
  it('is an event without the message, of plain data', async () => {
    const { service, events } = serviceWith()
    await service.handle(askingEnvelope(), { caller: 'me' })
    const [event] = events
    expect(event).toEqual({
      requestId: expect.any(String),
      operation: 'sign',
      key: 'minter',
      caller: 'me',
      kind: 'envelope',
      hashAlgorithm: 'SHA3_256',
      messageHash: createHash('sha3-256').update(envelopeMessage(transaction)).digest('hex'),
      proposalKey: { address, keyIndex: 3, sequenceNumber: '41' },
      payer: address,
      cadenceHash: createHash('sha3-256').update(transaction.cadence).digest('hex'),
      backendKeyId: signer.id,
      outcome: 'signed',
      durationMs: expect.any(Number),
    })
    expect(JSON.parse(JSON.stringify(event))).toEqual(event)
  })

  it('shows nothing of the message in a refusal', async () => {
    const secret = 'transaction { prepare(signer: &Account) { log("a secret") } }'
    const { service, events } = serviceWith()
    const asked = askingPayload(changed({ cadence: secret, ...amountOf('7.77777777') }))
    const said = [await service.handle(asked), await service.handle({ ...asked, version: 2 })]
    const shown = JSON.stringify([said, events])
    expect(shown).not.toMatch(/a secret|7\.77777777/)
    expect(shown).not.toContain(asked.message.slice(64, 128))
  })

  it('hides what a backend says of itself from the caller, not from the observer', async () => {
    const sign = async () => fail(new SignerError('KEY_DISABLED', { keyId: 'arn:secret' }))
    const { service, events } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    const said = await service.handle(askingEnvelope())
    expect(said).toEqual(refusedWith('KEY_DISABLED', 500))
    expect(JSON.stringify(said)).not.toContain('arn:secret')
    expect(events).toMatchObject([{ errorCode: 'KEY_DISABLED', disposition: 'hold' }])
    expect(events[0]?.problem).toContain('arn:secret')
  })

  it.each([
    ['a backend', new SignerError('AWS_REGION_INVALID', { reason: 'of eu-secret-1' })],
    ['a ledger', new SignerError('LEDGER_UNAVAILABLE', { reason: 'postgres-secret is away' })],
  ])('does not tell the caller why %s failed', async (_name, error) => {
    const { service, events } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign: async () => fail(error) } } },
    })
    const said = await service.handle(askingEnvelope())
    expect(said.body).toMatchObject({ error: { code: error.code } })
    expect(JSON.stringify(said)).not.toContain('secret')
    expect(events[0]?.problem).toContain('secret')
  })

  it('names the kind of an error that is none of this package, and no more', async () => {
    const sign = async () => fail(new TypeError('the private key is 7'))
    const { service, events } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    const said = await service.handle(askingEnvelope())
    expect(said).toEqual(refusedWith('SIGNING_SERVICE_FAILED', 500))
    expect(JSON.stringify([said, events])).not.toContain('the private key')
  })

  it('never is a signature that the key does not verify', async () => {
    const sign = async () => new Uint8Array(64).fill(1)
    const { service } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    expect(await service.handle(askingEnvelope())).toEqual(refusedWith('SIGNATURE_INVALID', 500))
  })
})

describe('the bounds of a signing service', () => {
  const never = () => new Promise<never>(() => undefined)
  const frozen = { minter: { ...fullKey, signer: { ...signer, sign: never } } }

  it('end a request whose signer hangs', async () => {
    const { service } = serviceWith({ keys: frozen, timeoutMs: 20 })
    expect(await service.handle(askingEnvelope())).toEqual(
      refusedWith('SIGNING_SERVICE_TIMEOUT', 504),
    )
  })

  it('are those of the door where it has less time', async () => {
    const { service } = serviceWith({ keys: frozen })
    expect(await service.handle(askingEnvelope(), { timeoutMs: 20 })).toEqual(
      refusedWith('SIGNING_SERVICE_TIMEOUT', 504),
    )
  })

  it('end a request whose caller is gone, and tell the signer', async () => {
    const gone = new AbortController()
    let told: AbortSignal | undefined
    const sign: typeof signer.sign = ({ signal }) => {
      told = signal
      gone.abort()
      return never()
    }
    const { service } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    expect(await service.handle(askingEnvelope(), { signal: gone.signal })).toEqual(
      refusedWith('SIGNING_SERVICE_TIMEOUT', 504),
    )
    expect(told?.aborted).toBe(true)
  })

  it('refuse the request that is one too many, and take the next when one has ended', async () => {
    const open: (() => void)[] = []
    const sign: typeof signer.sign = async (request) => {
      await new Promise<void>((resolve) => open.push(resolve))
      return signer.sign(request)
    }
    const { service } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
      maxConcurrent: 2,
    })
    const first = [service.handle(askingEnvelope()), service.handle(askingEnvelope())]
    expect(await service.handle(askingEnvelope())).toEqual(refusedWith('SIGNING_SERVICE_BUSY', 503))
    while (open.length < 2) await new Promise(setImmediate)
    for (const end of open.splice(0)) end()
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200])
    const next = service.handle(askingEnvelope())
    while (open.length < 1) await new Promise(setImmediate)
    for (const end of open) end()
    expect((await next).status).toBe(200)
  })
})

describe('createSigningService', () => {
  const keys = { minter: fullKey }
  it.each<readonly [string, object, string]>([
    ['no keys', { policy }, 'keys'],
    ['an empty list of keys', { keys: {}, policy }, 'keys'],
    ['no policy', { keys }, 'policy'],
    ['a policy of rules', { keys, policy: { chainId: 'flow-emulator' } }, 'policy'],
    ['an unknown option', { keys, policy, polcy: policy }, 'polcy'],
    ['a key that may nothing', { keys: { a: { signer, accounts: [address] } } }, 'keys.a'],
    [
      'a key without accounts',
      { keys: { a: { signer, payload: true } }, policy },
      'keys.a.accounts',
    ],
    ['a key without a signer', { keys: { a: { payload: true } }, policy }, 'keys.a.signer'],
    [
      'a key that may perhaps',
      { keys: { a: { ...fullKey, payload: 1 } }, policy },
      'keys.a.payload',
    ],
    [
      'a key with an unknown right',
      { keys: { a: { ...fullKey, payloads: true } }, policy },
      'payloads',
    ],
    ['a name with a space', { keys: { 'a b': fullKey }, policy }, 'keys.a b'],
    ['budgets without a ledger', { keys, policy, budgets: { transactionsPerDay: 1 } }, 'budgets'],
    ['a ledger that is none', { keys, policy, ledger: {} }, 'ledger'],
    ['a hold of no time', { keys, policy, holdMs: 0 }, 'holdMs'],
    ['a timeout as text', { keys, policy, timeoutMs: '5s' }, 'timeoutMs'],
    ['no concurrency', { keys, policy, maxConcurrent: 0 }, 'maxConcurrent'],
  ])('refuses %s', (_name, options, option) => {
    // What JavaScript may pass.
    const make = () => createSigningService(options as Parameters<typeof createSigningService>[0])
    expect(make).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })

  it('needs no policy for a key that signs no transactions', () => {
    expect(() =>
      createSigningService({ keys: { a: { signer, userMessages: true } } }),
    ).not.toThrow()
  })
})
