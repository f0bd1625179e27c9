import { type AddProposalKeysOptions, addProposalKeys } from '../../../../src/provisioning/index.ts'
import {
  addedKeyIndexes,
  batchComputeLimit,
  batchesOf,
} from '../../../../src/provisioning/proposal-keys/transaction.ts'
import { holdClock } from '../../../support/held-clock.ts'
import { ANSWERS_MS } from '../../../support/limits.ts'
import { until } from '../../../support/until.ts'
import { warningsOf } from '../../../support/warnings.ts'
import {
  type NodeEndpoint,
  nodeRefusal,
  nothingProved,
  PAYER,
  sealed,
  startNodeEndpoint,
} from '../node-endpoint.ts'

type Key = Parameters<NodeEndpoint['setKeys']>[1][number]

const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })
const anId = expect.stringMatching(/^[0-9a-f]{64}$/)

/** The event of a new key, as a transaction result holds it. */
const keyAdded = (keyIndex: string) => ({
  type: 'flow.AccountKeyAdded',
  payload: Buffer.from(
    JSON.stringify({
      type: 'Event',
      value: { fields: [{ name: 'keyIndex', value: { type: 'Int', value: keyIndex } }] },
    }),
  ).toString('base64'),
})

const add = (node: NodeEndpoint, more: Partial<AddProposalKeysOptions> = {}) =>
  addProposalKeys({
    accessNode: { url: node.url, timeoutMs: ANSWERS_MS },
    address: PAYER,
    authorizer: node.payer.authorizer,
    timeoutMs: ANSWERS_MS,
    ...('total' in more ? {} : { count: 2 }),
    ...more,
  })

/** A node whose account has two more keys once a transaction has arrived. */
async function startGrowing(change: (keys: readonly Key[]) => readonly Key[] = (keys) => keys) {
  const node = await startNodeEndpoint()
  const [held] = await node.payer.authorizer.publicKeys()
  const own = { publicKey: held?.publicKey ?? '' }
  node.result = sealed([keyAdded('1'), keyAdded('2')])
  node.onCall = (name) => {
    const copies = [1, 2].map(() => ({ ...own, weight: 0 }))
    if (name === 'POST transactions') node.setKeys(PAYER, change([own, ...copies]))
  }
  return node
}

describe('addProposalKeys', () => {
  it('tells the indexes that the chain gave', async () => {
    await using node = await startGrowing()
    const [held] = await node.payer.authorizer.publicKeys()
    await expect(add(node)).resolves.toEqual({
      address: PAYER,
      publicKey: held?.publicKey,
      keyIndex: 0,
      signatureAlgorithm: 'ECDSA_P256',
      hashAlgorithm: 'SHA3_256',
      keyIndexes: [1, 2],
      transactionIds: [anId],
      total: 2,
    })
    expect(node.calls.filter((name) => name.startsWith('POST'))).toHaveLength(1)
  })

  it.each([
    ['neither count nor total', { count: undefined }, 'INVALID_OPTION', 'count'],
    ['count and total', { count: 1, total: 1 }, 'INVALID_OPTION', 'count'],
    ['a count of 0', { count: 0 }, 'INVALID_OPTION', 'count'],
    ['half a key', { count: 0.5 }, 'INVALID_OPTION', 'count'],
    ['a count over 10,000', { count: 10_001 }, 'INVALID_OPTION', 'count'],
    ['a total that is a text', { total: '5' }, 'INVALID_OPTION', 'total'],
    ['a compute limit over 9999', { computeLimit: 10_000 }, 'INVALID_OPTION', 'computeLimit'],
    ['a timeout of 0', { timeoutMs: 0 }, 'INVALID_OPTION', 'timeoutMs'],
    ['an observer that is none', { onBatch: 'x' }, 'INVALID_OPTION', 'onBatch'],
    ['a weight', { weight: 1 }, 'INVALID_OPTION', 'weight'],
    ['an authorizer that is none', { authorizer: {} }, 'INVALID_OPTION', 'authorizer'],
    ['a short public key', { publicKey: 'ab' }, 'INVALID_OPTION', 'publicKey'],
    ['a public key of nobody', { publicKey: '1'.repeat(128) }, 'INVALID_OPTION', 'publicKey'],
  ])('sends nothing for %s', async (_, options, expected, option) => {
    await using node = await startNodeEndpoint()
    // Wrong on purpose: what JavaScript callers may pass.
    const wrong = options as Partial<AddProposalKeysOptions>
    await expect(add(node, wrong)).rejects.toEqual(code(expected, { option }))
    expect(node.calls).not.toContain('POST transactions')
  })

  it.each([
    ['0x in front of the public key', { publicKey: `0x${'1'.repeat(126)}` }, 'MALFORMED_HEX'],
    ['a wrong address', { address: '0x1' }, 'INVALID_ADDRESS'],
    ['an account that is not there', { address: '0x01cf0e2f2f715450' }, 'ACCOUNT_NOT_FOUND'],
    ['another chain', { chainId: 'flow-mainnet' }, 'CHAIN_MISMATCH'],
  ])('sends nothing for %s, with a code of its own', async (_, options, expected) => {
    await using node = await startNodeEndpoint()
    await expect(add(node, options)).rejects.toEqual(code(expected))
    expect(node.calls).not.toContain('POST transactions')
  })

  it('names the first twenty of many copies with weight', async () => {
    await using node = await startNodeEndpoint()
    const [{ publicKey } = { publicKey: '' }] = await node.payer.authorizer.publicKeys()
    node.setKeys(
      PAYER,
      [...Array(500)].map(() => ({ publicKey })),
    )
    const reason = /^the keys of index 0, 1, .*, 19 and 480 more have the same public key/
    await expect(add(node)).rejects.toEqual(
      code('INVALID_WEIGHT', { reason: expect.stringMatching(reason) }),
    )
  })

  it('takes the same digits on two curves for two keys', async () => {
    const otherCurve = (keys: readonly Key[]) => [
      ...keys,
      { publicKey: keys[0]?.publicKey ?? '', algorithm: 'ECDSA_secp256k1' },
    ]
    await using node = await startGrowing(otherCurve)
    node.setKeys(PAYER, otherCurve([{ ...(await node.payer.authorizer.publicKeys())[0] } as Key]))
    await expect(add(node)).resolves.toMatchObject({ keyIndexes: [1, 2], keyIndex: 0 })
  })
})

describe('when nothing was added, the failure is told as it is', () => {
  it('of a node that refused the transaction', async () => {
    await using node = await startGrowing()
    node.post = { status: 400, body: { code: 400, message: nodeRefusal } }
    await expect(add(node)).rejects.toEqual(code('ACCESS_NODE_REFUSED', { status: 400 }))
  })

  it('of a transaction that failed', async () => {
    await using node = await startGrowing()
    node.result = sealed([], '[Error Code: 1118] payer balance too low')
    await expect(add(node)).rejects.toEqual(
      code('TRANSACTION_FAILED', { transactionId: anId, errorCodes: [1118] }),
    )
  })
})

describe('when something may have been added, the transaction is told', () => {
  const incomplete = (reason: unknown, added = 0) =>
    code('PROPOSAL_KEYS_INCOMPLETE', { added, asked: 2, transactionId: anId, reason })

  it('when a signature was refused and the number is used: a copy may have added them', async () => {
    await using node = await startGrowing()
    node.result = sealed([], '[Error Code: 1006] no')
    node.numberAt = (height) => (height === '9' ? '8' : '7')
    await expect(add(node)).rejects.toEqual(incomplete('TRANSACTION_FAILED'))
  })

  it.each([
    ['the result never comes', { status: 404, body: {} }, 'TRANSACTION_UNSETTLED'],
    ['the node cannot tell', { status: 500, body: { message: 'x' } }, 'ACCESS_NODE_REFUSED'],
    ['the number was used', sealed([], '[Error Code: 1007] used'), 'TRANSACTION_FAILED'],
    ['why it failed is not told', sealed([], 'failed'), 'TRANSACTION_FAILED'],
    ['too few keys are told', sealed([keyAdded('1')]), expect.stringContaining('2 new keys')],
    ['one key is told twice', sealed([keyAdded('1'), keyAdded('1')]), expect.any(String)],
    ['an index is none', sealed([keyAdded('1'), keyAdded('-2')]), expect.any(String)],
  ] as const)('and %s', async (_, result, reason) => {
    await using node = await startGrowing()
    node.result = result
    await expect(add(node, { timeoutMs: 1 })).rejects.toEqual(incomplete(reason))
  })

  it('and the node goes away', async () => {
    await using node = await startGrowing()
    node.result = 'drop'
    using clock = holdClock()
    const adding = add(node).catch((thrown: unknown) => thrown)
    await until(() => node.calls.includes('GET transaction_results'))
    expect(await clock.passUntil(adding)).toEqual(incomplete('ACCESS_NODE_UNREACHABLE'))
  })

  it.each(nothingProved)('and the reply proved nothing: %d "%s"', async (status, message) => {
    await using node = await startGrowing()
    node.post = { status, body: { code: status, message } }
    await expect(add(node)).resolves.toMatchObject({ keyIndexes: [1, 2] })
    node.result = { status: 404, body: {} }
    await expect(add(node, { timeoutMs: 1 })).rejects.toEqual(incomplete('TRANSACTION_UNSETTLED'))
  })

  it('and the caller gives up', async () => {
    await using node = await startGrowing()
    const controller = new AbortController()
    node.result = { status: 404, body: {} }
    const onCall = node.onCall
    node.onCall = (name) => {
      onCall(name)
      if (name === 'GET transaction_results') controller.abort(new Error('enough'))
    }
    await expect(add(node, { signal: controller.signal })).rejects.toEqual(incomplete('Error'))
  })

  it.each<[string, (keys: readonly Key[]) => readonly Key[]]>([
    ['with weight', ([own, one, two]) => keysOf(own, one, { ...two, weight: 1 })],
    ['of another public key', ([own, one]) => keysOf(own, one, { publicKey: '1'.repeat(128) })],
    ['of another hash', ([own, one, two]) => keysOf(own, one, { ...two, hash: 'SHA2_256' })],
    ['of another curve', ([own, one, two]) => keysOf(own, { ...one, algorithm: 'BLS' }, two)],
    ['that is revoked', ([own, one, two]) => keysOf(own, one, { ...two, revoked: true })],
    ['that is not there', ([own, one]) => keysOf(own, one)],
  ])('and the account shows a new key %s', async (_, change) => {
    await using node = await startGrowing(change)
    const reason = 'a new key is not the copy that was signed for'
    await expect(add(node, { timeoutMs: 1 })).rejects.toEqual(incomplete(reason, 2))
  })

  it.each<[string, (keys: readonly Key[]) => readonly Key[]]>([
    ['added a key with weight', (keys) => [...keys, { publicKey: '1'.repeat(128), weight: 1 }]],
    ['added a copy with weight', (keys) => [...keys, { ...keys[0], weight: 1 } as Key]],
    ['revoked one', ([own, one, two]) => keysOf({ ...own, revoked: true }, one, two)],
  ])('and somebody %s in the meantime', async (_, change) => {
    await using node = await startGrowing(change)
    const reason = 'the weights of the account changed in the meantime'
    await expect(add(node)).rejects.toEqual(incomplete(reason, 2))
  })
})

/** `undefined` and partial keys come from reading lists by index; they are all there. */
const keysOf = (...keys: readonly (Partial<Key> | undefined)[]) => keys as readonly Key[]

describe('an observer of the transactions', () => {
  it.each([
    [
      'throws',
      () => {
        throw new TypeError('hunter2')
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('hunter2'))],
  ])('that %s cannot stop them', async (_, onBatch) => {
    await using node = await startGrowing()
    let grown: unknown
    const warnings = await warningsOf(async () => {
      grown = await add(node, { onBatch })
    })
    expect(grown).toMatchObject({ total: 2 })
    expect(warnings).toMatchObject([
      { message: 'onBatch threw TypeError: hunter2; the keys are not affected' },
    ])
  })
})

describe('the transactions', () => {
  it.each([
    [0, []],
    [1, [1]],
    [250, [250]],
    [251, [250, 1]],
    [1_000, [250, 250, 250, 250]],
  ])('for %p keys are of %j', (count, sizes) => {
    expect(batchesOf(count)).toEqual(sizes)
  })

  it('declare what a payer must own the fee for, and never more than the network takes', () => {
    expect([1, 100, 250, 600].map(batchComputeLimit)).toEqual([120, 2_100, 5_100, 9_999])
  })

  it('tell their keys among other events', () => {
    const event = (type: string, value: unknown) => ({
      type,
      payload: { value: { fields: [{ name: 'keyIndex', value: { value } }] } },
    })
    const added = event('flow.AccountKeyAdded', '7')
    expect(addedKeyIndexes([event('A.01.Other.AccountKeyAdded', '6'), added], 1)).toEqual([7])
    expect(addedKeyIndexes([added, event('flow.AccountKeyAdded', 8)], 2)).toBeUndefined()
    expect(addedKeyIndexes([{ ...added, payload: null }], 1)).toBeUndefined()
  })
})
