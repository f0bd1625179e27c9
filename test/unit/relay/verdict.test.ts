import { SignerError } from '../../../src/errors.ts'
import { askPolicy, type RelayPolicy } from '../../../src/relay/verdict.ts'

const payload: Parameters<RelayPolicy>[0] = {
  cadence: 'transaction {}',
  arguments: [],
  referenceBlockId: new Uint8Array(32),
  computeLimit: 10,
  proposalKey: { address: '0xf8d6e0586b0a20c7', keyIndex: 0, sequenceNumber: 0n },
  payer: '0xf8d6e0586b0a20c7',
  authorizers: [],
}

/** @param said - Whatever a policy that was written in JavaScript may return. */
const say = (said: unknown) => askPolicy((() => said) as RelayPolicy, payload, ['a', 'b'])
const failure = expect.objectContaining({ code: 'POLICY_FAILED', disposition: 'hold' })

describe('a verdict', () => {
  it.each<[string, unknown, object]>([
    ['nothing', undefined, {}],
    ['nothing, later', Promise.resolve(undefined), {}],
    ['an empty one', {}, {}],
    ['keys', { keyIndexes: [0, 2] }, { keyIndexes: [0, 2] }],
    ['keys, later', Promise.resolve({ keyIndexes: [1] }), { keyIndexes: [1] }],
    ['empty lists', { postponed: [], refused: [] }, {}],
    ['undefined fields', { keyIndexes: undefined, refused: undefined }, {}],
  ])('lets sign: %s', async (_, said, selection) => {
    expect(await say(said)).toEqual(selection)
  })

  const throwing = {
    get keyIndexes() {
      throw new Error('no')
    },
  }
  it.each<[string, unknown]>([
    ['false', false],
    ['true', true],
    ['null', null],
    ['a text', 'no'],
    ['a number', 0],
    ['a list', []],
    ['a function', () => undefined],
    ['a misspelt field', { refuse: [{ id: 'a', reason: 'x' }] }],
    ['a field beside good ones', { keyIndexes: [0], allowed: false }],
    ['ids without reasons', { refused: ['a'] }],
    ['a reason that is no text', { refused: [{ id: 'a', reason: 7 }] }],
    ['an unknown job', { refused: [{ id: 'z', reason: 'x' }] }],
    ['an unknown job postponed', { postponed: ['z'] }],
    ['one id in place of a list', { postponed: 'a' }],
    ['refused as true', { refused: true }],
    ['no keys', { keyIndexes: [] }],
    ['a key twice', { keyIndexes: [0, 0] }],
    ['a key that is no number', { keyIndexes: ['0'] }],
    ['half a key', { keyIndexes: [0.5] }],
    ['a negative key', { keyIndexes: [-1] }],
    ['one key in place of a list', { keyIndexes: 0 }],
    ['keys of null', { keyIndexes: null }],
    ['a field that throws', throwing],
    ['false, later', Promise.resolve(false)],
    ['an error that was not thrown', new Error('no')],
    ['a map', new Map()],
    ['a date', new Date(0)],
  ])('holds the relay: %s', async (_, said) => {
    await expect(say(said)).rejects.toEqual(failure)
  })

  it('names the jobs that wait and those that fail', async () => {
    const refused = [{ id: 'b', reason: 'too much' }]
    await expect(say({ postponed: ['a'], refused })).rejects.toMatchObject({
      code: 'POLICY_POSTPONED',
      context: { postponed: ['a'], refused },
    })
  })
})

const reject = (thrown: unknown) =>
  askPolicy(() => Promise.reject<undefined>(thrown), payload, ['a'])
const throwAtOnce = (thrown: unknown) =>
  askPolicy(
    () => {
      throw thrown
    },
    payload,
    ['a'],
  )

describe.each([
  ['an asynchronous policy', reject],
  ['a policy that is not asynchronous', throwAtOnce],
])('what %s throws', (_, fail) => {
  it('refuses by its code', async () => {
    const refusal = new SignerError('POLICY_REFUSED', { reason: 'not on the list' })
    await expect(fail(refusal)).rejects.toBe(refusal)
  })

  it('is tried again where it is a passing fault', async () => {
    const fault = new SignerError('STORE_UNAVAILABLE', { operation: 'budget' })
    await expect(fail(fault)).rejects.toBe(fault)
  })
})

const others = [
  new Error('secret of another'),
  new TypeError('x is not a function'),
  'a text',
  undefined,
  new SignerError('KEY_DISABLED', { keyId: 'k' }),
]

it.each(others)('an asynchronous policy that fails holds the relay: %s', async (thrown) => {
  const error: unknown = await reject(thrown).catch((caught: unknown) => caught)
  expect(error).toEqual(failure)
  expect(String(error)).not.toContain('secret')
})

it.each(others)('what a policy throws that is not asynchronous refuses: %s', async (thrown) => {
  await expect(throwAtOnce(thrown)).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
})
