import type { ArgumentsFunction, PrepareOptions } from '../../../src/transactions/index.ts'
import { prepareTransaction } from '../../../src/transactions/index.ts'
import { address, startWorld } from './world.ts'

type Arg = Parameters<ArgumentsFunction>[0]
type Types = Parameters<ArgumentsFunction>[1]

describe('prepareTransaction', () => {
  it('reads accounts, sequence number and block once each, and asks nobody to sign', async () => {
    await using world = await startWorld()
    const { node, options } = world
    const review = await prepareTransaction(options)
    expect([...node.calls].sort()).toEqual(['GET accounts', 'GET accounts', 'GET blocks'])
    expect(review).toMatchObject({
      ready: false,
      next: [address],
      sequenceNumber: 7n,
      expiry: { referenceHeight: 9, latestHeight: 9, blocksLeft: 570 },
      parties: [{ address, roles: ['proposer', 'payer', 'authorizer'], weight: 0, required: 1000 }],
      transaction: {
        arguments: ['{"type":"Int","value":"7"}'],
        proposalKey: { address, keyIndex: 0, sequenceNumber: 7n },
        payloadSignatures: [],
        envelopeSignatures: [],
      },
    })
  })

  it('leaves the text of an argument as it was given', async () => {
    await using world = await startWorld()
    const text = '{ "type": "Int",  "value": "7" }'
    const { transaction } = await prepareTransaction({ ...world.options, arguments: [text] })
    expect(transaction.arguments).toEqual([text])
  })

  it('takes arguments as fcl.mutate does, and numbers as they are written', async () => {
    await using world = await startWorld()
    const { transaction } = await prepareTransaction({
      ...world.options,
      cadence: 'transaction(amount: UFix64, names: [String]) {}',
      arguments: (arg, t) => [arg('1.0', t.UFix64), arg(['a'], t.Array(t.String))],
    })
    expect(transaction.arguments).toEqual([
      '{"type":"UFix64","value":"1.0"}',
      '{"type":"Array","value":[{"type":"String","value":"a"}]}',
    ])
  })

  it('refuses accounts that can never sign it', async () => {
    await using world = await startWorld()
    const { node, options, keys } = world
    const [first] = keys
    if (first === undefined) throw new Error('no key')
    node.setKeys(address, [first])
    await expect(prepareTransaction(options)).rejects.toMatchObject({
      code: 'WEIGHT_TOO_LOW',
      context: { address, weight: 500, required: 1000 },
    })
    node.setKeys(address, [{ ...first, revoked: true }])
    await expect(prepareTransaction(options)).rejects.toMatchObject({ code: 'KEY_REVOKED' })
    await expect(
      prepareTransaction({ ...options, payer: '0x01cf0e2f2f715450' }),
    ).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' })
  })

  const unresolved = 'CADENCE_IMPORT_UNRESOLVED'
  const circle: Record<string, unknown> = { type: 'Int' }
  circle['self'] = circle
  it.each<[string, object, string]>([
    ['no source', { cadence: ' ' }, 'INVALID_OPTION'],
    ['half a surrogate pair', { cadence: 'a\ud800' }, 'INVALID_OPTION'],
    ['an import without an address', { cadence: 'import "A"\ntransaction(n: Int) {}' }, unresolved],
    ['a placeholder', { cadence: 'import A from 0xToken\ntransaction(n: Int) {}' }, unresolved],
    ['an argument more than it takes', { cadence: 'transaction {}' }, 'INVALID_OPTION'],
    ['an argument less', { arguments: [] }, 'INVALID_OPTION'],
    ['a limit of none', { computeLimit: 0 }, 'INVALID_OPTION'],
    ['a limit over the highest', { computeLimit: 10_000 }, 'INVALID_OPTION'],
    ['arguments that are no list', { arguments: {} }, 'INVALID_OPTION'],
    ['an argument that is no JSON', { arguments: ['{'] }, 'INVALID_OPTION'],
    ['an argument with a key twice', { arguments: ['{"type":"A","type":"B"}'] }, 'INVALID_OPTION'],
    ['an argument without a type', { arguments: [{ value: '7' }] }, 'INVALID_OPTION'],
    ['half a pair in an argument', { arguments: ['{"type":"\ud800"}'] }, 'INVALID_OPTION'],
    ['an argument in a circle', { arguments: [circle] }, 'INVALID_OPTION'],
    [
      'a function that throws',
      {
        arguments: () => {
          throw new Error('no')
        },
      },
      'INVALID_OPTION',
    ],
    [
      'what its type does not take',
      { arguments: (arg: Arg, t: Types) => [arg('yes', t.Bool)] },
      'INVALID_OPTION',
    ],
    ['a number for an argument', { arguments: [7] }, 'INVALID_OPTION'],
    ['a proposer that is a text', { proposer: address }, 'INVALID_OPTION'],
    ['a proposer with a weight', { proposer: { address, weight: 1 } }, 'INVALID_OPTION'],
    ['half a key index', { proposer: { address, keyIndex: 0.5 } }, 'INVALID_KEY_INDEX'],
    ['an address that is none', { payer: '0x1' }, 'INVALID_ADDRESS'],
    [
      'an authorizer twice',
      { authorizers: [address, address.toUpperCase().replace('0X', '0x')] },
      'INVALID_OPTION',
    ],
    ['an unknown option', { gasLimit: 5 }, 'INVALID_OPTION'],
    ['too much', { cadence: 'x'.repeat(1_495_000) }, 'TRANSACTION_TOO_LARGE'],
  ])('refuses %s before it asks anybody', async (_, wrong, code) => {
    await using world = await startWorld()
    const options = { ...world.options, ...wrong } as PrepareOptions // as JavaScript would call it
    await expect(prepareTransaction(options)).rejects.toMatchObject({ code })
    expect(world.node.calls).toEqual([])
  })
})
