/** The vectors of others: Wycheproof, Bitcoin Core, NIST. @module */
import { createPublicKey, verify } from 'node:crypto'
import { derToRaw } from '../../../src/crypto/der.ts'
import { hashMessage } from '../../../src/crypto/hash.ts'
import { normalizeRaw } from '../../../src/crypto/raw-signature.ts'
import { verifySignature } from '../../../src/crypto/verify.ts'
import { type Algorithm, bytesOf, hexOf } from './independent.ts'
import { describeShared, parseShared, readShared } from './vectors.ts'

type Label = {
  readonly tcId: number
  readonly class: string
  readonly raw?: string
  readonly expect: string
}
type Labels = Record<string, { readonly curve: string; readonly labels: readonly Label[] }>
type Wycheproof = {
  readonly numberOfTests: number
  readonly testGroups: readonly {
    readonly publicKeyPem: string
    readonly sha: string
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: string
    }[]
  }[]
}

const malformed = expect.objectContaining({ code: 'MALFORMED_SIGNATURE' })
const classes = ['ENCODING', 'NEGATIVE', 'RANGE', 'VERIFY_FAILS', 'OK_VERIFIES']
const sets = [
  ['ecdsa_secp256k1_sha256_test.json', 'ECDSA_secp256k1'],
  ['ecdsa_secp256r1_sha3_256_test.json', 'ECDSA_P256'],
] as const

/** The raw bytes as hexadecimal, or the code of the refusal. */
function outcome(der: Uint8Array, algorithm: Algorithm): string {
  try {
    return hexOf(derToRaw(der, algorithm))
  } catch (error) {
    return malformed.asymmetricMatch(error) ? 'MALFORMED_SIGNATURE' : `crash: ${String(error)}`
  }
}

for (const [file, algorithm] of sets)
  describeShared(`derToRaw and ${file}`, ['der_labels.json', file], () => {
    const labels = new Map<number, Label>()
    const cases: { id: number; der: Uint8Array; message: Uint8Array; key: string; sha: string }[] =
      []
    beforeAll(() => {
      for (const label of parseShared<Labels>('der_labels.json')[file]?.labels ?? [])
        labels.set(label.tcId, label)
      for (const { publicKeyPem, sha, tests } of parseShared<Wycheproof>(file).testGroups)
        for (const { tcId, sig, msg } of tests)
          cases.push({ id: tcId, der: bytesOf(sig), message: bytesOf(msg), key: publicKeyPem, sha })
    })

    it.each(classes)('answers every case of class %s as it must', (name) => {
      const chosen = cases.filter(({ id }) => labels.get(id)?.class === name)
      const wrong = chosen.filter(({ id, der, message, key, sha }) => {
        const label = labels.get(id)
        const answer = outcome(der, algorithm)
        if (label?.expect.startsWith('throw')) return answer !== 'MALFORMED_SIGNATURE'
        if (answer !== label?.raw) return true
        const digest = sha === 'SHA3-256' ? 'sha3-256' : 'sha256'
        const openssl = { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' } as const
        const verifies = verify(digest, message, openssl, bytesOf(answer))
        return verifies !== (label.expect === 'raw+verify')
      })
      expect(wrong.map(({ id }) => id)).toEqual([])
      expect(chosen.length).toBeGreaterThan(0)
    })

    it('leaves no case out', () => {
      expect(cases.filter(({ id }) => classes.includes(labels.get(id)?.class ?? ''))).toHaveLength(
        labels.size,
      )
      expect(cases).toHaveLength(parseShared<Wycheproof>(file).numberOfTests)
    })
  })

const p1363 = 'ecdsa_secp256k1_sha256_p1363_test.json'
describeShared(`normalizeRaw, verifySignature and ${p1363}`, [p1363], () => {
  it.each(['valid', 'invalid'])('agree on every %s case', (result) => {
    let count = 0
    const wrong: number[] = []
    for (const { publicKeyPem, tests } of parseShared<Wycheproof>(p1363).testGroups)
      for (const { tcId, sig, msg } of tests.filter((test) => test.result === result)) {
        count += 1
        const key = createPublicKey(publicKeyPem)
        const accepts = (raw: Uint8Array) => verifySignature(key, bytesOf(msg), 'SHA2_256', raw)
        const accepted = [() => bytesOf(sig), () => normalizeRaw(bytesOf(sig), 'ECDSA_secp256k1')]
          .map((raw) => {
            try {
              return accepts(raw())
            } catch (error) {
              return malformed.asymmetricMatch(error) ? false : String(error)
            }
          })
          .every((answer) => answer === (result === 'valid'))
        if (!accepted) wrong.push(tcId)
      }
    expect(wrong).toEqual([])
    expect(count).toBeGreaterThan(0)
  })
})

describeShared('derToRaw and Bitcoin Core', ['bitcoin_core_der.json'], () => {
  type Cases = {
    readonly canonical: readonly string[]
    readonly noncanonical: readonly { readonly name: string; readonly hex: string }[]
  }
  /** The last byte is a sighash type. */
  const signature = (hex: string) => bytesOf(hex).slice(0, -1)

  it('reads all that are canonical, but for r = s = 0', () => {
    const { canonical } = parseShared<Cases>('bitcoin_core_der.json')
    const outcomes = canonical.map((hex) => [hex, outcome(signature(hex), 'ECDSA_secp256k1')])
    const refused = outcomes.filter(([, answer]) => answer === 'MALFORMED_SIGNATURE')
    expect(refused).toEqual([['300602010002010001', 'MALFORMED_SIGNATURE']])
    expect(outcomes).toHaveLength(5)
  })

  it('refuses all that are not', () => {
    const { noncanonical } = parseShared<Cases>('bitcoin_core_der.json')
    const judged = noncanonical.filter(({ name }) => !name.startsWith('hashtype'))
    const accepted = judged.filter(
      ({ hex }) => outcome(signature(hex), 'ECDSA_secp256k1') !== 'MALFORMED_SIGNATURE',
    )
    expect(accepted).toEqual([])
    expect(judged.length).toBeGreaterThanOrEqual(13)
  })
})

describeShared('hashMessage and NIST SHA3-256', ['SHA3_256ShortMsg.rsp'], () => {
  it('agrees on all 137 messages', () => {
    const rows = [
      ...readShared('SHA3_256ShortMsg.rsp').matchAll(
        /Len = (\d+)\s+Msg = ([0-9a-f]+)\s+MD = ([0-9a-f]{64})/g,
      ),
    ]
    const wrong = rows.filter(([, bits, message = '', digest]) => {
      const bytes = bytesOf(message).slice(0, Number(bits) / 8)
      return hexOf(hashMessage(bytes, 'SHA3_256')) !== digest
    })
    expect(rows).toHaveLength(137)
    expect(wrong).toEqual([])
  })
})
