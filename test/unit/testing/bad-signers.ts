/** Signers that do wrong while all is well with their backend. @module */
import type { Signer, SignRequest } from '../../../src/signers/signer.ts'
import { createSoftwareSigner } from '../../../src/testing/index.ts'
import { type Algorithm, bytes32, hexOf, orderOf } from '../crypto/independent.ts'
import { type BadSigner, type Change, flip, never, soon } from './contract-world.ts'

type PublicKey = Awaited<ReturnType<Signer['publicKey']>>

/** Signs something else than was asked. */
const signing =
  (change: (request: SignRequest) => Partial<SignRequest>): Change =>
  (good) => ({ sign: (request) => good.sign({ ...request, ...change(request) }) })

/** Answers something else than it signed: as JavaScript would, past the types. */
const answering =
  (change: (raw: Uint8Array, order: bigint) => unknown): Change =>
  (good) => ({
    async sign(request) {
      const { algorithm } = await good.publicKey()
      return change(await good.sign(request), orderOf(algorithm as Algorithm)) as Uint8Array
    },
  })

const having =
  (change: (key: PublicKey) => object): Change =>
  (good) => ({
    async publicKey() {
      const key = await good.publicKey()
      return { ...key, ...change(key) }
    },
  })

const scalars = (r: bigint, s: bigint) => new Uint8Array([...bytes32(r), ...bytes32(s)])
const rOf = (raw: Uint8Array) => BigInt(`0x${hexOf(raw.slice(0, 32))}`)
const sOf = (raw: Uint8Array) => BigInt(`0x${hexOf(raw.slice(32))}`)
const highS = (raw: Uint8Array, order: bigint) => scalars(rOf(raw), order - sOf(raw))
const textOf = ({ message }: SignRequest) => new TextDecoder().decode(message)

const key = 'has a public key of 64 bytes on its curve'
const keys: readonly BadSigner[] = [
  [key, 'leaves the 04 before it', having(({ bytes }) => ({ bytes: Uint8Array.of(4, ...bytes) }))],
  [key, 'gives hexadecimal', having(({ bytes }) => ({ bytes: hexOf(bytes) }))],
  [key, 'gives no point', having(({ bytes }) => ({ bytes: flip(bytes, 40) }))],
  [key, 'names a curve that Flow does not know', having(() => ({ algorithm: 'ECDSA_P384' }))],
  [key, 'is on the other curve', () => ({}), { algorithm: 'ECDSA_secp256k1' }],
  ['gives out a copy of its public key', 'lends its own', lending],
]

function lending(good: Signer): Partial<Signer> {
  const loading = good.publicKey()
  return { publicKey: () => loading }
}

const sha2 = 'signs SHA2_256 so that it verifies, and not with one bit changed'
const sha3 = 'signs SHA3_256 so that it verifies, and not with one bit changed'
const onlySha2 = signing(() => ({ hashAlgorithm: 'SHA2_256' }))
const onlySha3 = signing(() => ({ hashAlgorithm: 'SHA3_256' }))
const oneHash = 'does not sign one hash when asked for the other'
const half = 'answers 64 bytes with r and s in range and s in the lower half'
let asked = 0
const signatures: readonly BadSigner[] = [
  [sha2, 'knows SHA3_256 alone', onlySha3],
  [sha3, 'knows SHA2_256 alone', onlySha2],
  [oneHash, 'knows SHA3_256 alone', onlySha3],
  [oneHash, 'knows SHA2_256 alone', onlySha2],
  [sha3, 'changes a bit', answering((raw) => flip(raw, 40))],
  [sha2, 'is judged by who believes all', () => ({}), { verify: () => true }],
  [sha3, 'is judged by who believes nothing', () => ({}), { verify: () => false }],
  [half, 'answers a high s', answering(highS)],
  [half, 'answers a high s at times', answering((r, n) => (asked++ % 5 === 4 ? highS(r, n) : r))],
  [half, 'answers s = 0', answering((raw) => scalars(rOf(raw), 0n))],
  [half, 'answers r = 0', answering((raw) => scalars(0n, sOf(raw)))],
  [half, 'answers r = n', answering((raw, order) => scalars(order, sOf(raw)))],
  [half, 'answers more bytes', answering((raw) => Uint8Array.of(...raw, 0))],
  [half, 'answers hexadecimal', answering((raw) => hexOf(raw))],
  ...[0, 1, 31, 4_096, 4_097, 100_000].map(
    (length): BadSigner => [
      `signs a message of ${length} bytes`,
      'signs another of that length',
      signing(({ message }) => (message.length === length ? { message: Uint8Array.of(7) } : {})),
    ],
  ),
  ['leaves the message as it was', 'wipes it', wiping],
  [
    'signs a message that is a window into a larger buffer',
    'signs the whole buffer',
    signing(({ message }) => ({ message: new Uint8Array(message.buffer) })),
  ],
]

function wiping(good: Signer): Partial<Signer> {
  return {
    async sign(request) {
      const signature = await good.sign(request)
      request.message.fill(0)
      return signature
    },
  }
}

const many =
  'signs many messages at the same time without mixing them up, and no more at once than it may'
const crowd = 'signs for others when a crowd before them aborts'
const crowds: readonly BadSigner[] = [
  [many, 'mixes them up', mixing],
  [many, 'asks too often at once', () => ({}), { atOnce: { limit: 4, highest: () => 5 } }],
  [many, 'forgets one', (good) => ({ sign: (r) => (lastOf(r) ? never() : good.sign(r)) }), soon],
  [crowd, 'forgets who comes behind it', behindCrowd(never), soon],
  [crowd, 'answers nothing behind it', behindCrowd(async () => new Uint8Array())],
  [crowd, 'tells another reason', (good) => ({ sign: (r) => good.sign(r).catch(otherReason(r)) })],
  [crowd, 'lets it wait', (good) => ({ sign: (r) => good.sign(r).catch(never) }), soon],
]

const lastOf = (request: SignRequest) => textOf(request) === 'message 63'

const otherReason = (request: SignRequest) => (thrown: unknown) =>
  Promise.reject(request.signal?.aborted === true ? new Error('stop') : thrown)

/** Signs the message before for whoever comes at the same time. */
function mixing(good: Signer): Partial<Signer> {
  let last: SignRequest | undefined
  return {
    async sign(request) {
      const taken = last ?? request
      last = request
      await Promise.resolve()
      last = undefined
      return good.sign(taken)
    },
  }
}

function behindCrowd(answer: () => Promise<Uint8Array>): Change {
  return (good) => {
    let crowded = false
    return {
      sign(request) {
        crowded ||= request.signal !== undefined
        return crowded && request.signal === undefined ? answer() : good.sign(request)
      },
    }
  }
}

const software = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
const frozen = 'is frozen, and its functions work without it'
const objects: readonly BadSigner[] = [
  [frozen, 'can be changed', () => ({}), { signer: { ...software } }],
  [frozen, 'signs by `this`', () => ({ sign: byThis }) as Partial<Signer>],
  ...['a key', '', 'schlüssel', 7 as unknown as string].map(
    (id): BadSigner => ['has an id of printable characters', `is called ${id}`, () => ({ id })],
  ),
]

function byThis(this: { id: string }, request: SignRequest): Promise<Uint8Array> {
  return this.id === '' ? never() : software.sign(request)
}

export const badSigners: readonly BadSigner[] = [...keys, ...signatures, ...crowds, ...objects]
