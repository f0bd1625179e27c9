/** Cases of the signer contract: what it gives out, byte by byte. @module */
import { randomBytes } from 'node:crypto'
import { curves } from '../crypto/algorithms.ts'
import {
  expectThat,
  hashAlgorithms,
  hex,
  isSignature,
  message,
  opensslKey,
  type SignerContractCase,
  sign,
} from './signer-contract-subject.ts'

/** Empty, on both sides of 4,096 bytes, which is where KMS stops to take messages, and long. */
const byteLengths = [0, 1, 31, 4_096, 4_097, 100_000]

const flipped = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))

function isPoint(...key: Parameters<typeof opensslKey>): boolean {
  try {
    return opensslKey(...key).type === 'public'
  } catch {
    return false
  }
}

const ofHash = (hashAlgorithm: (typeof hashAlgorithms)[number]): SignerContractCase => ({
  name: `signs ${hashAlgorithm} so that it verifies, and not with one bit changed`,
  needs: [],
  async run(subject) {
    const signature = await sign(subject, { hashAlgorithm })
    const good = await isSignature(subject, { message, hashAlgorithm, signature })
    expectThat(good, `a signature over ${hashAlgorithm} does not verify`)
    for (const [bytes, raw] of [
      [flipped(message, 7), signature],
      [message, flipped(signature, 31)],
      [message, flipped(signature, 63)],
    ] as const) {
      const bad = await isSignature(subject, { message: bytes, hashAlgorithm, signature: raw })
      expectThat(!bad, 'it verifies with one bit changed')
    }
  },
})

const ofLength = (byteLength: number): SignerContractCase => ({
  name: `signs a message of ${byteLength} bytes`,
  needs: [],
  async run(subject) {
    const long = new Uint8Array(randomBytes(byteLength))
    const signature = await sign(subject, { message: long })
    const question = { message: long, hashAlgorithm: 'SHA3_256', signature } as const
    expectThat(await isSignature(subject, question), `${byteLength} bytes do not verify`)
  },
})

export const bytesCases: readonly SignerContractCase[] = [
  {
    name: 'has a public key of 64 bytes on its curve',
    needs: [],
    async run({ signer, algorithm: expected }) {
      const { bytes, algorithm } = await signer.publicKey()
      expectThat(
        bytes instanceof Uint8Array && bytes.length === 64,
        'the public key is not a Uint8Array of 64 bytes, X‖Y without the leading 04',
      )
      expectThat(Object.hasOwn(curves, algorithm), 'the curve is not one that Flow knows')
      expectThat((expected ?? algorithm) === algorithm, `the key is on ${algorithm}`)
      expectThat(isPoint(bytes, algorithm), 'the public key is no point on its curve')
    },
  },
  {
    name: 'gives out a copy of its public key',
    needs: [],
    async run({ signer }) {
      const { bytes } = await signer.publicKey()
      const before = hex(bytes)
      bytes.fill(0)
      const after = hex((await signer.publicKey()).bytes)
      expectThat(after === before, 'who changes the bytes of the public key changes the signer')
    },
  },
  ...hashAlgorithms.map(ofHash),
  {
    name: 'does not sign one hash when asked for the other',
    needs: [],
    async run(subject) {
      for (const [asked, other] of [hashAlgorithms, hashAlgorithms.toReversed()]) {
        const signature = await sign(subject, { hashAlgorithm: asked ?? 'SHA2_256' })
        const question = { message, hashAlgorithm: other ?? 'SHA2_256', signature }
        expectThat(!(await isSignature(subject, question)), `asked for ${asked} it signs ${other}`)
      }
    },
  },
  {
    name: 'answers 64 bytes with r and s in range and s in the lower half',
    needs: [],
    async run(subject) {
      const { algorithm } = await subject.signer.publicKey()
      const { order } = curves[algorithm]
      for (let round = 0; round < 16; round++) {
        const raw = await sign(subject)
        expectThat(raw instanceof Uint8Array && raw.length === 64, 'it is not 64 bytes, r‖s')
        const [r, s] = [hex(raw.subarray(0, 32)), hex(raw.subarray(32))].map((d) =>
          BigInt(`0x${d}`),
        )
        expectThat(r !== undefined && r > 0n && r < order, 'r is not of 1 to n - 1')
        expectThat(s !== undefined && s > 0n && s <= order / 2n, 's is not in the lower half')
      }
    },
  },
  ...byteLengths.map(ofLength),
  {
    name: 'leaves the message as it was',
    needs: [],
    async run(subject) {
      const given = message.slice()
      await sign(subject, { message: given })
      expectThat(hex(given) === hex(message), 'it changed the message that it was lent')
    },
  },
  {
    name: 'signs a message that is a window into a larger buffer',
    needs: [],
    async run(subject) {
      const larger = new Uint8Array(message.length + 20).fill(7)
      larger.set(message, 10)
      const window = larger.subarray(10, 10 + message.length)
      const signature = await sign(subject, { message: window })
      const question = { message, hashAlgorithm: 'SHA3_256', signature } as const
      expectThat(await isSignature(subject, question), 'it signed more than the window')
    },
  },
]
