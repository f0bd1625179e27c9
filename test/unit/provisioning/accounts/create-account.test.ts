import { type CreateAccountOptions, createAccount } from '../../../../src/provisioning/index.ts'
import { holdClock } from '../../../support/held-clock.ts'
import { ANSWERS_MS } from '../../../support/limits.ts'
import { until } from '../../../support/until.ts'
import { hexOf, softKey } from '../../crypto/independent.ts'
import { refusal, startKmsEndpoint } from '../kms-endpoint.ts'
import {
  accountCreated,
  NEW_ADDRESS,
  type NodeEndpoint,
  nodeRefusal,
  nothingProved,
  PAYER,
  sealed,
  startNodeEndpoint,
} from '../node-endpoint.ts'

const publicKey = hexOf(softKey('ECDSA_secp256k1').publicKey)
const key = { publicKey, signatureAlgorithm: 'ECDSA_secp256k1', weight: 1000 } as const
const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })
const anId = expect.stringMatching(/^[0-9a-f]{64}$/)

const create = (node: NodeEndpoint, more: Partial<CreateAccountOptions> = {}) =>
  createAccount({
    accessNode: { url: node.url, timeoutMs: ANSWERS_MS },
    payer: node.payer,
    keys: [key],
    ...more,
  })

describe('createAccount', () => {
  it('tells the address that the chain gave', async () => {
    await using node = await startNodeEndpoint()
    await expect(create(node)).resolves.toEqual({
      address: NEW_ADDRESS,
      chainId: 'flow-emulator',
      transactionId: anId,
      keys: [{ index: 0, ...key, hashAlgorithm: 'SHA3_256' }],
      warnings: [],
    })
    expect(node.calls.filter((name) => name.startsWith('POST'))).toHaveLength(1)
  })

  it.each([
    ['weights that do not reach 1000', { keys: [{ ...key, weight: 999 }] }, 'INVALID_WEIGHT'],
    ['a chain that is another one', { chainId: 'flow-mainnet' }, 'CHAIN_MISMATCH'],
    ['a payer without our keys', { holds: false }, 'NO_KEY_HELD'],
    ['a payer whose keys weigh too little', { weight: 999 }, 'WEIGHT_TOO_LOW'],
    ['a payer whose key is revoked', { revoked: true }, 'WEIGHT_TOO_LOW'],
    ['a compute limit of 0', { computeLimit: 0 }, 'INVALID_OPTION'],
    ['a compute limit over 9999', { computeLimit: 10_000 }, 'INVALID_OPTION'],
    ['a misspelt option', { chainID: 'x' }, 'INVALID_OPTION'],
    ['a payer that cannot sign', { payer: { address: PAYER, authorizer: {} } }, 'INVALID_OPTION'],
  ])('sends nothing for %s', async (_, options, expected) => {
    await using node = await startNodeEndpoint()
    const { holds = true, weight, revoked, ...more } = options as Record<string, unknown>
    const [held] = await node.payer.authorizer.publicKeys()
    if (weight !== undefined || revoked !== undefined || !holds)
      node.setKeys(PAYER, [
        {
          publicKey: holds ? (held?.publicKey ?? '') : publicKey,
          weight: Number(weight ?? 1000),
          revoked: revoked === true,
        },
      ])
    await expect(create(node, more)).rejects.toEqual(code(expected))
    expect(node.calls).not.toContain('POST transactions')
  })

  it('says so when the node refused the transaction: there is no account', async () => {
    await using node = await startNodeEndpoint()
    node.post = { status: 400, body: { code: 400, message: nodeRefusal } }
    await expect(create(node)).rejects.toEqual(code('ACCESS_NODE_REFUSED', { status: 400 }))
    expect(node.calls).not.toContain('GET transaction_results')
  })

  it('says so when the transaction failed: there is no account', async () => {
    await using node = await startNodeEndpoint()
    node.result = sealed([], '[Error Code: 1118] payer balance too low')
    await expect(create(node)).rejects.toEqual(
      code('TRANSACTION_FAILED', { transactionId: anId, errorCodes: [1118] }),
    )
  })

  it.each([1006, 1008, 1009, 1055])(
    'says so when it failed by %d and the number is still its own: there is no account',
    async (failed) => {
      await using node = await startNodeEndpoint()
      node.result = sealed([], `[Error Code: ${failed}] no`)
      await expect(create(node)).rejects.toEqual(
        code('TRANSACTION_FAILED', { transactionId: anId }),
      )
    },
  )

  it.each([
    ['was lost', 'drop'],
    ['says that the node gave up on it', { status: 500, body: { message: 'timeout' } }],
  ] as const)('finds the account although the answer to the transaction %s', async (_, post) => {
    await using node = await startNodeEndpoint()
    node.post = post
    await expect(create(node)).resolves.toMatchObject({ address: NEW_ADDRESS })
    expect(node.calls.filter((name) => name.startsWith('POST'))).toHaveLength(1)
  })
})

describe('a reply that is no refusal by the validator', () => {
  it.each(nothingProved)(
    'is one after which the account is looked for: %d "%s"',
    async (status, message) => {
      await using node = await startNodeEndpoint()
      node.post = { status, body: { code: status, message } }
      await expect(create(node)).resolves.toMatchObject({ address: NEW_ADDRESS })
      expect(node.calls.filter((name) => name.startsWith('POST'))).toHaveLength(1)
    },
  )

  it.each(nothingProved)('tells the id when nothing is found: %d "%s"', async (status, message) => {
    await using node = await startNodeEndpoint()
    node.post = { status, body: { code: status, message } }
    node.result = { status: 404, body: {} }
    await expect(create(node, { timeoutMs: 1 })).rejects.toEqual(
      code('ACCOUNT_CREATION_INCOMPLETE', { transactionId: anId }),
    )
  })
})

describe('after the transaction was sent, its id is told', () => {
  it.each([
    ['the result is refused', { result: { status: 500, body: { message: 'no state' } } }],
    ['the result never comes', { result: { status: 404, body: {} } }],
    ['the result is not one', { result: { body: { status: 'Sealed' } } }],
    ['the number was used', { result: sealed([], '[Error Code: 1007] invalid proposal key') }],
    ['why it failed is not told', { result: sealed([], 'failed') }],
    ['no account was made', { result: sealed([]) }],
    ['two were made', { result: sealed([accountCreated('0x1'), accountCreated('0x2')]) }],
  ] as const)('when %s', async (_, faults) => {
    await using node = await startNodeEndpoint()
    Object.assign(node, faults)
    await expect(create(node, { timeoutMs: 1 })).rejects.toEqual(
      code('ACCOUNT_CREATION_INCOMPLETE', { transactionId: anId }),
    )
  })

  it('when the node goes away', async () => {
    await using node = await startNodeEndpoint()
    node.result = 'drop'
    using clock = holdClock()
    const creating = create(node).catch((thrown: unknown) => thrown)
    await until(() => node.calls.includes('GET transaction_results'))
    expect(await clock.passUntil(creating)).toEqual(
      code('ACCOUNT_CREATION_INCOMPLETE', { transactionId: anId }),
    )
  })

  it.each([1006, 1007, 1008, 1009, 1055])(
    'when it failed by %d and its number is used: a copy may have made the account',
    async (failed) => {
      await using node = await startNodeEndpoint()
      node.result = sealed([], `[Error Code: ${failed}] no`)
      node.numberAt = (height) => (height === '9' ? '8' : '7')
      await expect(create(node)).rejects.toEqual(
        code('ACCOUNT_CREATION_INCOMPLETE', { transactionId: anId }),
      )
    },
  )

  it.each([
    ['its block', { block_id: 'b'.repeat(64) }, '7'],
    ['the id of its block', { block_id: '' }, '7'],
    ['the number at its block', {}, 'none'],
  ])('when it failed by 1006 and the node does not tell %s', async (_, change, number) => {
    await using node = await startNodeEndpoint()
    node.result = { body: { ...sealed([], '[Error Code: 1006] no').body, ...change } }
    node.numberAt = (height) => (height === '9' ? number : '7')
    await expect(create(node)).rejects.toEqual(
      code('ACCOUNT_CREATION_INCOMPLETE', { transactionId: anId }),
    )
  })

  it.each(['POST transactions', 'GET transaction_results'])(
    'when the caller aborts during %s',
    async (name) => {
      await using node = await startNodeEndpoint()
      const controller = new AbortController()
      node.result = { status: 404, body: {} }
      node.onCall = (called) => called === name && controller.abort(new Error('not any more'))
      await expect(create(node, { signal: controller.signal })).rejects.toEqual(
        code('ACCOUNT_CREATION_INCOMPLETE', { transactionId: anId }),
      )
    },
  )

  it('but not when the caller aborts before: there is nothing to look up', async () => {
    await using node = await startNodeEndpoint()
    const reason = new Error('not any more')
    const controller = new AbortController()
    node.onCall = (name) => name === 'GET blocks' && controller.abort(reason)
    await expect(create(node, { signal: controller.signal })).rejects.toBe(reason)
    expect(node.calls).not.toContain('POST transactions')
  })
})

describe('the KMS keys of a new account', () => {
  it('are told by a tag where they are used', async () => {
    await using node = await startNodeEndpoint()
    await using kms = await startKmsEndpoint()
    const arn = kms.addKey()
    kms.setAlias('alias/a', arn)
    const keys = [
      { ...key, kmsKeyId: 'alias/a' },
      { ...key, weight: 0, kmsKeyId: 'alias/a' },
    ]
    await create(node, { client: kms.client, keys })
    expect(kms.tags(arn)).toEqual({
      [`fcl-kms:account:flow-emulator:${NEW_ADDRESS}`]: 'index=0 weight=1000 / index=1 weight=0',
    })
    await create(node, { client: kms.client, keys, tagKeys: false })
    expect(kms.count('TagResource')).toBe(1)
  })

  it('are a warning, no failure, when KMS denies the tag', async () => {
    await using node = await startNodeEndpoint()
    await using kms = await startKmsEndpoint()
    kms.always('TagResource', refusal('AccessDeniedException'))
    const keys = [{ ...key, kmsKeyId: kms.addKey() }]
    const { address, warnings } = await create(node, { client: kms.client, keys })
    expect(address).toBe(NEW_ADDRESS)
    expect(warnings).toEqual([expect.objectContaining({ code: 'KMS_ACCESS_DENIED' })])
  })
})
