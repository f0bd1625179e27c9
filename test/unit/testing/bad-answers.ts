/** Signers that say the wrong thing: to a wrong request, a signal, a fault, or in what they show. @module */
import type { Signer, SignRequest } from '../../../src/signers/signer.ts'
import { hexOf } from '../crypto/independent.ts'
import {
  answerOf,
  away,
  type BadSigner,
  type Change,
  never,
  PIN,
  type State,
  soon,
  type World,
} from './contract-world.ts'

const isGood = (request: SignRequest | undefined) =>
  request?.message instanceof Uint8Array &&
  /^SHA[23]_256$/.test(request.hashAlgorithm) &&
  typeof request.signal !== 'string'

/** Six ways to be wrong about one wrong request. */
function wrongAbout(what: string): readonly BadSigner[] {
  const name = `refuses ${what} with a reason`
  const answering =
    (answer: () => Promise<unknown>): Change =>
    (good) => ({
      sign: (request) => (isGood(request) ? good.sign(request) : (answer() as Promise<Uint8Array>)),
    })
  return [
    [name, 'answers false', answering(async () => false)],
    [name, 'throws at once', answering(throwing(new TypeError('undefined')))],
    [name, 'gives an error of no kind', answering(rejecting(new TypeError('undefined')))],
    [name, 'gives an error without a code', answering(rejecting(withoutCode('fail')))],
    [name, 'asks to try again', answering(rejecting(away()))],
    [name, 'waits', answering(never), soon],
  ]
}

const withoutCode = (disposition: string) => Object.assign(away(), { code: 'no', disposition })
const throwing = (thrown: unknown) => (): never => {
  throw thrown
}
const rejecting = (thrown: unknown) => () => Promise.reject(thrown)

/** Signs, but says something of its own where the good one rejects. */
const saying =
  (thrown: (request: SignRequest) => unknown): Change =>
  (good) => ({ sign: (request) => good.sign(request).catch(() => Promise.reject(thrown(request))) })
const deaf: Change = (good) => ({ sign: ({ signal: _, ...request }) => good.sign(request) })
const deafKey: Change = (good) => ({ publicKey: () => good.publicKey() })
const waiting: Change = (good) => ({ sign: (request) => good.sign(request).catch(never) })
const other = saying(() => new Error('stop'))

const before = 'rejects with the reason of a signal that aborted before'
const meanwhile = 'rejects with the reason of a signal that aborts meanwhile'
const signals: readonly BadSigner[] = [
  [before, 'signs', deaf],
  [before, 'gives its public key', deafKey],
  [before, 'tells another reason', other],
  [before, 'waits', waiting, soon],
  [meanwhile, 'signs', deaf],
  [meanwhile, 'tells another reason', other],
  [meanwhile, 'waits', waiting, soon],
]

const report = 'reports at most once, before it resolves, and no secret'
const reporting =
  (tell: (onReport: NonNullable<SignRequest['onReport']>) => unknown): Change =>
  (good) => ({
    async sign({ onReport, ...request }) {
      const signature = await good.sign(request)
      if (onReport !== undefined) tell(onReport)
      return signature
    },
  })
const reports: readonly BadSigner[] = [
  [report, 'reports twice', reporting((tell) => [tell({ attempts: 1 }), tell({ attempts: 1 })])],
  [report, 'reports late', reporting((tell) => setTimeout(tell, 1, { attempts: 1 }))],
  [report, 'reports no attempt', reporting((tell) => tell({ attempts: 0 }))],
  [report, 'reports its PIN', reporting((tell) => tell({ attempts: 1, keyId: PIN }))],
]

const secret = 'shows no secret, neither itself nor in an error'
const showing = (member: (key: Buffer) => object): Change => {
  return (_, { privateKey }) => member(Buffer.from(privateKey))
}
const caused = (cause: unknown) => new Error('no', { cause })
const secrets: readonly BadSigner[] = [
  [secret, 'shows its key, in hexadecimal', showing((key) => ({ key: hexOf(key) }))],
  [secret, 'shows its key, in capitals', showing((key) => ({ key: hexOf(key).toUpperCase() }))],
  [secret, 'shows its key, as bytes', showing((key) => ({ key: new Uint8Array(key) }))],
  [secret, 'shows its key, as a Buffer', showing((key) => ({ key }))],
  [secret, 'shows its key, in base64', showing((key) => ({ key: key.toString('base64') }))],
  [
    secret,
    'shows its key, in a JWK',
    showing((key) => ({ jwk: { d: key.toString('base64url') } })),
  ],
  [secret, 'shows its key, in JSON', showing((key) => ({ toJSON: () => key.toString('hex') }))],
  [secret, 'is called after its PIN', () => ({ id: `pkcs11:${PIN}` })],
  [secret, 'tells its PIN in an error', saying(() => new Error(PIN))],
  [secret, 'tells its PIN in the cause of a cause', saying(() => caused(caused({ pin: PIN })))],
  [secret, 'tells its PIN in one of many errors', saying(() => new AggregateError([caused(PIN)]))],
  [secret, 'tells the message', saying(() => caused('FLOW-V0.0-user, as it were: a message'))],
]

const failing =
  (state: State, thrown: (world: World) => unknown): Change =>
  (good, world) => ({
    sign: (request) => (world.state === state ? Promise.reject(thrown(world)) : good.sign(request)),
  })
const withMember = (member: object) => () => Object.assign(away(), member)
const unverified: Change = (_, world) => ({ sign: (request) => answerOf(world, request) })

const otherKey = 'refuses a signature of another key'
const flippedBit = 'refuses a signature with one bit changed'
const gone = 'says why it cannot sign while its backend is away, and signs again afterwards'
const frozen =
  'gives up by its own deadline while its backend is frozen, and signs again afterwards'
const aborted = 'ends at once when the signal aborts while its backend is frozen'
const faults: readonly BadSigner[] = [
  [otherKey, 'does not verify', unverified],
  [otherKey, 'tells no reason', failing('other-key', () => false)],
  [otherKey, 'gives an error without a code', failing('other-key', () => withoutCode('refuse'))],
  [
    otherKey,
    'has a disposition of its own',
    failing('other-key', withMember({ disposition: 'no' })),
  ],
  [otherKey, 'asks to try again', failing('other-key', away)],
  [flippedBit, 'does not verify', unverified],
  [flippedBit, 'gives an error of no kind', failing('flipped-bit', () => new Error('false'))],
  [flippedBit, 'asks to try again', failing('flipped-bit', away)],
  [gone, 'gives an error of no kind', failing('away', () => new Error('ECONNREFUSED'))],
  [gone, 'gives an error without a code', failing('away', () => withoutCode('hold'))],
  [gone, 'takes it for the end', failing('away', withMember({ disposition: 'fail' }))],
  [gone, 'has a disposition of its own', failing('away', withMember({ disposition: 'perhaps' }))],
  [gone, 'tells its PIN', failing('away', withMember({ cause: PIN }))],
  [gone, 'answers as if nothing were', (_, { backend }) => backend],
  [gone, 'stays away', staying, soon],
  [gone, 'comes back with another key', comingBack(({ other }) => other)],
  [gone, 'is never brought back', () => ({}), { restore: undefined } as object],
  [gone, 'comes back and signs by another', comingBack(signingByOther)],
  [frozen, 'waits for ever', unverified, soon],
  [frozen, 'gives an error of no kind', failing('frozen', () => new Error('timeout'))],
  [frozen, 'gives an error without a code', failing('frozen', () => withoutCode('retry'))],
  [frozen, 'takes it for the end', failing('frozen', withMember({ disposition: 'refuse' }))],
  [
    frozen,
    'tells its key',
    failing('frozen', ({ privateKey }) => Object.assign(away(), { privateKey })),
  ],
  [aborted, 'does not look at the signal', unverified, soon],
  [aborted, 'tells another reason', other],
]

function signingByOther({ backend, other }: World): Signer {
  return { ...other, publicKey: backend.publicKey }
}

function staying(good: Signer, world: World): Partial<Signer> {
  let went = false
  return {
    async sign(request) {
      went ||= world.state === 'away'
      if (went) throw away()
      return good.sign(request)
    },
  }
}

function comingBack(as: (world: World) => Signer): Change {
  return (good, world) => {
    let went = false
    const now = () => (went && world.state === 'up' ? as(world) : good)
    return {
      publicKey: (options) => now().publicKey(options),
      sign(request) {
        went ||= world.state === 'away'
        return now().sign(request)
      },
    }
  }
}

export const badAnswers: readonly BadSigner[] = [
  ...wrongAbout('no request'),
  ...wrongAbout('a text as message'),
  ...wrongAbout('no message'),
  ...wrongAbout('a hash that authorises nothing'),
  ...wrongAbout('no hash'),
  ...wrongAbout('a name of Object.prototype as hash'),
  ...wrongAbout('something else as signal'),
  ...signals,
  ...reports,
  ...secrets,
  ...faults,
]
