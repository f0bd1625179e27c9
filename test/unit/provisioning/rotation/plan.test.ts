import {
  copyIndexesOf,
  keepersOf,
  proofBatches,
  revocationBatches,
} from '../../../../src/provisioning/rotation/copies.ts'
import { type PlanRequest, planOf } from '../../../../src/provisioning/rotation/plan.ts'
import { account, key, publicKeyOf } from './accounts.ts'

const half = account(key('a', { weight: 500 }), key('b', { weight: 500 }))
const plan = (more: Partial<PlanRequest> = {}) =>
  planOf({
    account: half,
    chainId: 'flow-testnet',
    publicKey: publicKeyOf('a'),
    emergency: false,
    ...more,
  })
const copies = (count: number, more: Parameters<typeof key>[1] = {}) =>
  Array.from({ length: count }, () => key('a', more))
const purposes = ({ transactions }: ReturnType<typeof plan>) =>
  transactions.map(({ purpose, adds, revokes }) => `${purpose} +${adds} -${revokes}`)
const after = ['resume', 'verify', 'alias', 'disable', 'unused', 'delete', 'done']

describe('the plan of a rotation', () => {
  it('names the old key, its copies of any hash, and everybody else', () => {
    const found = plan({
      account: account(
        key('b', { weight: 600 }),
        key('a'),
        key('a', { weight: 400, hashAlgorithm: 'SHA2_256' }),
        key('a', { hashAlgorithm: 'SHA2_256' }),
        key('a', { revoked: true }),
        key('a', { signatureAlgorithm: 'ECDSA_secp256k1' }),
        key('b'),
      ),
    })
    expect(found).toMatchObject({
      address: '0x01cf0e2f2f715450',
      chainId: 'flow-testnet',
      mode: 'swap',
      emergency: false,
      old: {
        publicKey: publicKeyOf('a'),
        signatureAlgorithm: 'ECDSA_P256',
        hashAlgorithm: 'SHA2_256',
        keyIndex: 2,
        weight: 400,
        copies: [1, 3],
      },
      weight: 400,
      hashAlgorithm: 'SHA2_256',
      copies: 2,
      othersWeight: 600,
    })
    expect(found.holders).toEqual([
      { publicKey: publicKeyOf('b'), signatureAlgorithm: 'ECDSA_P256', weight: 600 },
      { publicKey: publicKeyOf('a'), signatureAlgorithm: 'ECDSA_P256', weight: 400 },
    ])
  })

  it('proves the new key before it drains and swaps', () => {
    const found = plan()
    const steps = ['create', 'add', 'prove', 'sign', 'drain', 'swap', 'revoke', ...after]
    expect(found.steps).toEqual(steps)
    expect(purposes(found)).toEqual(['add +1 -0', 'prove +0 -0', 'swap +1 -1'])
  })

  it('spreads many copies over more transactions', () => {
    const keys = account(...half.keys, ...copies(502))
    expect(purposes(plan({ account: keys }))).toEqual([
      'add +1 -0',
      'prove +250 -0',
      'prove +250 -0',
      'prove +1 -0',
      'swap +1 -250',
      'revoke +0 -250',
      'revoke +0 -3',
    ])
  })

  it('waits for nobody in an emergency that needs the old key', () => {
    const found = plan({ emergency: true })
    expect(found.mode).toBe('swap')
    const steps = ['create', 'add', 'prove', 'sign', 'hold', 'swap', 'revoke', ...after]
    expect(found.steps).toEqual(steps)
  })

  it('revokes first in an emergency where the others reach 1,000', () => {
    const keys = account(...half.keys, key('c', { weight: 500 }), ...copies(250))
    const found = plan({ account: keys, emergency: true, copies: 1 })
    expect(found.mode).toBe('cut')
    expect(found.steps).toEqual(['hold', 'cut', 'create', 'add', 'prove', 'restore', ...after])
    expect(purposes(found)).toEqual([
      'cut +0 -250',
      'cut +0 -1',
      'add +1 -0',
      'prove +0 -0',
      'restore +1 -0',
    ])
  })

  it('does not revoke first without an emergency', () => {
    const keys = account(key('a', { weight: 1000 }), key('b', { weight: 1000 }))
    expect(plan({ account: keys }).mode).toBe('swap')
  })

  it('takes the digits of either case, the hash and the copies that are asked for', () => {
    const asked = { hashAlgorithm: 'SHA2_256', copies: 7 } as const
    const publicKey = publicKeyOf('a').toUpperCase()
    expect(plan({ publicKey, newHashAlgorithm: asked.hashAlgorithm, copies: 7 })).toMatchObject({
      ...asked,
      old: { publicKey: publicKeyOf('a') },
    })
  })

  it('makes no more copies by default than there may be', () => {
    const keys = account(...half.keys, ...copies(10_001))
    expect(plan({ account: keys }).copies).toBe(10_000)
  })
})

describe('a plan is refused', () => {
  it.each<[string, Partial<PlanRequest>, string, object]>([
    ['for no key', { publicKey: publicKeyOf('c') }, 'INVALID_OPTION', { option: 'publicKey' }],
    [
      'for half a key',
      { publicKey: 'ab' },
      'INVALID_OPTION',
      { option: 'publicKey', reason: 'it has not 128 digits' },
    ],
    ['for 0x', { publicKey: `0x${'a'.repeat(126)}` }, 'MALFORMED_HEX', { field: 'publicKey' }],
    [
      'for a key of weight 0',
      { account: account(...half.keys, key('c')), publicKey: publicKeyOf('c') },
      'INVALID_OPTION',
      { option: 'publicKey' },
    ],
    [
      'for a revoked key',
      { account: account(key('a', { weight: 1000, revoked: true }), key('b', { weight: 1000 })) },
      'KEY_REVOKED',
      { address: half.address, keyIndex: 0 },
    ],
    [
      'for a revoked key with copies that are left',
      {
        account: account(
          key('a', { weight: 1000, revoked: true }),
          key('b', { weight: 1000 }),
          key('a'),
        ),
      },
      'INVALID_OPTION',
      { option: 'publicKey' },
    ],
    [
      'for a key that cannot sign',
      {
        account: account(
          key('a', { weight: 1000, hashAlgorithm: 'SHA2_384' }),
          key('b', { weight: 1000 }),
        ),
      },
      'INVALID_OPTION',
      { option: 'publicKey' },
    ],
    [
      'where two keys with one public key carry weight',
      { account: account(...half.keys, key('a', { weight: 1 })) },
      'INVALID_WEIGHT',
      {},
    ],
    [
      'where nobody can sign',
      { account: account(key('a', { weight: 500 }), key('b', { weight: 499 })) },
      'WEIGHT_TOO_LOW',
      { weight: 999, required: 1000 },
    ],
    ['for no copy', { copies: 0 }, 'INVALID_OPTION', { option: 'copies' }],
    ['for half a copy', { copies: 1.5 }, 'INVALID_OPTION', { option: 'copies' }],
    ['for 10,001 copies', { copies: 10_001 }, 'INVALID_OPTION', { option: 'copies' }],
    [
      'for a hash that no transaction has',
      // Wrong on purpose: what JavaScript callers may pass.
      { newHashAlgorithm: 'SHA2_384' as 'SHA2_256' },
      'INVALID_OPTION',
      { option: 'hashAlgorithm' },
    ],
  ])('%s', (_, request, code, context) => {
    expect(() => plan(request)).toThrow(
      expect.objectContaining({ code, context: expect.objectContaining(context) }),
    )
  })
})

describe('the notes of a plan', () => {
  const notes = (more: Partial<PlanRequest>) => plan(more).notes.join('\n')
  const three = account(...half.keys, key('c', { weight: 500 }))

  it.each([
    ['both', half, 'at least 2 signatures, of key 0 (500) and key 1 (500)'],
    ['any two', three, 'at least 2 signatures, for example of key 0 (500) and key 1 (500)'],
    ['one', account(key('a', { weight: 1000 })), 'at least 1 signature, of key 0 (1000)'],
  ])('tell the fewest signatures where %s must sign', (_, keys, expected) => {
    expect(notes({ account: keys })).toContain(expected)
  })

  it('tell how long there is to sign, where there are others', () => {
    expect(notes({})).toContain('570 blocks, about eight minutes')
    expect(notes({ account: account(key('a', { weight: 1000 })) })).not.toContain('blocks')
  })

  it('tell why a compromised key cannot be revoked first', () => {
    const found = notes({ emergency: true })
    expect(found).toContain('the other keys weigh 500, less than 1000')
    expect(found).toContain('has 500 of the 1000')
    const alone = notes({ emergency: true, account: account(key('a', { weight: 1000 })) })
    expect(alone).toContain('no other key carries weight')
    expect(alone).toContain('can do everything with the account alone')
  })

  it('tell that the others cut alone, and that there is no way back', () => {
    const found = notes({ emergency: true, account: three })
    expect(found).toContain('at least 2 signatures, of key 1 (500) and key 2 (500)')
    expect(found).toContain('cannot be aborted')
    expect(found).not.toContain('key 0 (500)')
  })

  it('tell of the copies, also that another hash is lost', () => {
    expect(notes({})).not.toContain('cop')
    const keys = account(...half.keys, ...copies(1), ...copies(299, { hashAlgorithm: 'SHA2_256' }))
    const found = notes({ account: keys, copies: 20 })
    expect(found).toContain(
      '300 copies of key 0 of weight 0 are revoked with it, in 2 transactions',
    )
    expect(found).toContain('the new key gets 20')
    expect(found).toContain('299 copies had another hash algorithm')
    expect(found).toContain('left after the swap')
  })
})

describe('the batches of a rotation', () => {
  it.each([
    [1, [0]],
    [2, [1]],
    [251, [250]],
    [252, [250, 1]],
  ])('prove %p copies by %j', (count, batches) => {
    expect(proofBatches(count)).toEqual(batches)
  })

  it.each([
    [0, 0, []],
    [249, 249, []],
    [250, 249, [1]],
    [499, 249, [250]],
    [500, 249, [250, 1]],
  ])('revoke %p copies: %p with the old key, then %j', (count, first, rest) => {
    const indexes = Array.from({ length: count }, (_, index) => 10 + index)
    const batches = revocationBatches({ keyIndex: 3, copies: indexes })
    expect(batches.first).toHaveLength(first)
    expect(batches.rest.map(({ length }) => length)).toEqual(rest)
    expect([...batches.first, ...batches.rest.flat()]).toEqual(indexes)
  })

  it('keep the fewest keys of others that weigh 1,000', () => {
    const keys = account(
      key('a', { weight: 900 }),
      key('b', { weight: 300 }),
      key('c', { weight: 700 }),
      key('d', { weight: 700, revoked: true }),
      key('e', { weight: 300 }),
    )
    const a = { publicKey: publicKeyOf('a'), signatureAlgorithm: 'ECDSA_P256' } as const
    expect(keepersOf(keys, a)).toEqual([2, 1])
    expect(keepersOf(keys, { ...a, publicKey: publicKeyOf('b') })).toEqual([0, 2])
    const c = { ...a, publicKey: publicKeyOf('c') }
    expect(() => keepersOf(account(...keys.keys.slice(1)), c)).toThrow(
      expect.objectContaining({
        code: 'WEIGHT_TOO_LOW',
        context: { address: keys.address, weight: 600, required: 1000 },
      }),
    )
  })

  it('find no copy on another curve, with weight, or revoked', () => {
    const keys = account(
      key('a'),
      key('a', { signatureAlgorithm: 'ECDSA_secp256k1' }),
      key('a', { weight: 1 }),
      key('a', { revoked: true }),
      key('a', { hashAlgorithm: 'SHA2_256' }),
    )
    const holder = { publicKey: publicKeyOf('a'), signatureAlgorithm: 'ECDSA_P256' } as const
    expect(copyIndexesOf(keys, holder)).toEqual([0, 4])
  })
})
