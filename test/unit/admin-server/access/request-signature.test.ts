/** Signatures of requests: each part counts, time is bounded, a nonce is good once. @module */

import { createHmac, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { createNonceStore } from '../../../../examples/admin-server/src/access/nonces.ts'
import {
  checkSignature,
  type SignatureHeaders,
  type SignatureValues,
  type SignedRequest,
  signatureKeyOf,
  signRequest,
} from '../../../../examples/admin-server/src/access/request-signature.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import { makeToken, openAccess, refusal, START, testClock } from './support.ts'

const token = `fka_${'A'.repeat(43)}`
const key = signatureKeyOf(token)
const request: SignedRequest = {
  method: 'POST',
  target: '/v1/requests/rq_1/approvals?now=true',
  body: '{"digest":"00"}',
}
const refused = refusal('SIGNATURE_REFUSED')

const valuesOf = (headers: SignatureHeaders): SignatureValues => ({
  timestamp: [headers['X-Request-Timestamp']],
  nonce: [headers['X-Request-Nonce']],
  signature: [headers['X-Request-Signature']],
})
const signed = (now = START, nonce = 'nonce-of-16-char') =>
  valuesOf(signRequest(token, request, { now, nonce }))

describe('a signed request', () => {
  it('is accepted, and tells its nonce', () => {
    expect(checkSignature(key, request, signed(), START)).toBe('nonce-of-16-char')
  })

  it('is signed as the documents say', () => {
    const secret = Buffer.from(hkdfSync('sha256', token, '', 'fcl-kms admin request signature', 32))
    const hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' // of nothing
    const text = `v1\nDELETE\n/v1/x\n${hash}\n1767225600\nnonce-of-16-char`
    const bare = { method: 'DELETE', target: '/v1/x' }
    const options = { now: START, nonce: 'nonce-of-16-char' }
    expect(signRequest(token, bare, options)['X-Request-Signature']).toBe(
      `v1=${createHmac('sha256', secret).update(text).digest('hex')}`,
    )
  })

  it('has the same signature for a body as text and as bytes', () => {
    const bytes = { ...request, body: Buffer.from('{"digest":"00"}') }
    expect(checkSignature(key, bytes, signed(), START)).toBe('nonce-of-16-char')
  })

  it('gets another nonce each time', () => {
    const nonces = Array.from({ length: 50 }, () => signRequest(token, request)['X-Request-Nonce'])
    expect(new Set(nonces).size).toBe(50)
  })

  it.each<[string, SignedRequest]>([
    ['method', { ...request, method: 'PUT' }],
    ['path', { ...request, target: request.target.replace('rq_1', 'rq_2') }],
    ['query', { ...request, target: request.target.replace('true', 'false') }],
    ['body', { ...request, body: '{"digest":"01"}' }],
    ['body, which is gone', { method: request.method, target: request.target }],
  ])('is refused with another %s', (_, other) => {
    expect(() => checkSignature(key, other, signed(), START)).toThrow(refused)
  })

  it('is refused with another nonce, time, signature or key', () => {
    const values = signed()
    const [signature = ''] = values.signature
    const flipped = signature.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
    for (const other of [
      { ...values, nonce: ['nonce-of-16-chaR'] },
      { ...values, timestamp: [String(START / 1_000 + 1)] },
      { ...values, signature: [flipped] },
    ])
      expect(() => checkSignature(key, request, other, START)).toThrow(refused)
    const otherKey = signatureKeyOf(`fka_${'B'.repeat(42)}A`)
    expect(() => checkSignature(otherKey, request, values, START)).toThrow(refused)
  })

  it('is refused with any one bit of its body flipped', () => {
    const body = Buffer.from(String(request.body))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: body.length * 8 - 1 }), (bit) => {
        const other = Buffer.from(body)
        other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(() => checkSignature(key, { ...request, body: other }, signed(), START)).toThrow(
          refused,
        )
      }),
    )
  })

  it.each([-300, 0, 300])('is accepted when its clock is %i seconds off', (seconds) => {
    expect(checkSignature(key, request, signed(START + seconds * 1_000), START)).toBeDefined()
  })

  it.each([-301, 301, -86_400, 86_400])(
    'is refused when its clock is %i seconds off',
    (seconds) => {
      const values = signed(START + seconds * 1_000)
      expect(() => checkSignature(key, request, values, START)).toThrow(refused)
    },
  )

  const malformed: readonly [string, Partial<SignatureValues>][] = [
    ['no timestamp', { timestamp: [] }],
    ['two timestamps', { timestamp: ['1767225600', '1767225600'] }],
    ['a timestamp in milliseconds', { timestamp: ['1767225600000'] }],
    ['a timestamp with a fraction', { timestamp: ['1767225600.0'] }],
    ['a timestamp in hex', { timestamp: ['0x69558d80'] }],
    ['a timestamp with a sign', { timestamp: ['+1767225600'] }],
    ['a timestamp that is NaN', { timestamp: ['NaN'] }],
    ['no nonce', { nonce: [] }],
    ['two nonces', { nonce: ['nonce-of-16-char', 'nonce-of-16-char'] }],
    ['a nonce of 15 characters', { nonce: ['n'.repeat(15)] }],
    ['a nonce of 65 characters', { nonce: ['n'.repeat(65)] }],
    ['a nonce with a line break', { nonce: [`${'n'.repeat(16)}\n`] }],
    ['no signature', { signature: [] }],
    ['an empty signature', { signature: [''] }],
    ['another version', { signature: [`v2=${'0'.repeat(64)}`] }],
    ['half a signature', { signature: [`v1=${'0'.repeat(32)}`] }],
    ['a longer signature', { signature: [`v1=${'0'.repeat(66)}`] }],
  ]
  it.each(malformed)('is refused with %s', (_, other) => {
    expect(() => checkSignature(key, request, { ...signed(), ...other }, START)).toThrow(refused)
  })

  it('is refused with two right signatures or one in upper case', () => {
    const values = signed()
    const [signature = ''] = values.signature
    for (const other of [[signature, signature], [signature.toUpperCase().replace('V', 'v')]])
      expect(() => checkSignature(key, request, { ...values, signature: other }, START)).toThrow(
        refused,
      )
  })

  it('says why to the log only', () => {
    expect.assertions(2)
    try {
      checkSignature(key, request, signed(0), START)
    } catch (thrown) {
      expect(thrown).toMatchObject({ facts: {} })
      expect(JSON.stringify(thrown)).not.toContain(token)
    }
  })
})

describe('a nonce', () => {
  let database: Database
  let tokenId: string
  let otherId: string
  beforeAll(async () => {
    database = await openAccess()
    tokenId = (await makeToken(database)).id
    otherId = (await makeToken(database)).id
  })
  afterAll(() => database.close())

  it('is new once', async () => {
    const claim = createNonceStore(database, testClock())
    expect(await claim({ tokenId, nonce: 'once' })).toBe(true)
    expect(await claim({ tokenId, nonce: 'once' })).toBe(false)
  })

  it('is new for one of many at the same time', async () => {
    const claims = [1, 2, 3].map(() => createNonceStore(database, testClock()))
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, call) => claims[call % 3]?.({ tokenId, nonce: 'race' })),
    )
    expect(answers.filter((fresh) => fresh === true)).toHaveLength(1)
    expect(answers.filter((fresh) => fresh === false)).toHaveLength(89)
  })

  it('is known to a store that was made after it was used', async () => {
    await createNonceStore(database, testClock())({ tokenId, nonce: 'restart' })
    const restarted = createNonceStore(database, testClock())
    expect(await restarted({ tokenId, nonce: 'restart' })).toBe(false)
    expect(await restarted({ tokenId, nonce: 'restart2' })).toBe(true)
  })

  it('of one token says nothing of that of another', async () => {
    const claim = createNonceStore(database, testClock())
    expect(await claim({ tokenId, nonce: 'shared' })).toBe(true)
    expect(await claim({ tokenId: otherId, nonce: 'shared' })).toBe(true)
  })

  it('is kept longer than any request with it would be accepted, then removed', async () => {
    const clock = testClock()
    const claim = createNonceStore(database, clock)
    const rows = () => database.query(`SELECT 1 FROM nonces WHERE nonce = 'pruned'`)
    await claim({ tokenId, nonce: 'pruned' })
    clock.advance(600_001) // of a timestamp 300 s ahead, the last moment was 600 s after
    await claim({ tokenId, nonce: 'later-1' })
    expect(await rows()).toHaveLength(1)
    clock.advance(300_000)
    await claim({ tokenId, nonce: 'later-2' })
    expect(await rows()).toHaveLength(0)
  })

  it('is not taken for new when the database does not answer', async () => {
    const claim = createNonceStore({ query: () => Promise.reject(new Error('gone')) })
    await expect(claim({ tokenId, nonce: 'x' })).rejects.toThrow('gone')
  })
})
