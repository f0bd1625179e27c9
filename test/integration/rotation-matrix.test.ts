import { bytesToHex } from '../../src/crypto/hex.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { isSend } from '../support/relay-run.ts'
import { checkWeights, sealedHeight } from '../support/rotation-blocks.ts'
import { nameOf, pairwiseCombinations } from '../support/rotation-matrix.ts'
import { sendSignedBy } from '../support/rotation-proof.ts'
import { tryRotation } from '../support/rotation-trial.ts'
import { type RotationWorld, startRotationWorld } from '../support/rotation-world.ts'
import { hasPkcs11 } from '../support/softhsm.ts'

const pkcs11 = hasPkcs11()
let world: RotationWorld
beforeAll(async () => {
  world = await startRotationWorld({ blockTimeMs: 0, pkcs11 })
})
afterAll(() => world?.[Symbol.asyncDispose]())

describe('the check of every block', () => {
  /** An account of two holders, and one who is to come. */
  async function startHalves() {
    const { chain } = world
    const makeSigner = () => createSoftwareSigner({ algorithm: 'ECDSA_P256' })
    const [old, other, next] = [makeSigner(), makeSigner(), makeSigner()]
    const address = await chain.createAccount([
      { signer: old, weight: 500 },
      { signer: other, weight: 500 },
    ])
    const from = await sealedHeight(chain.url)
    const hexOf = async (signer: Signer) => bytesToHex((await signer.publicKey()).bytes)
    const before = new Map([
      [await hexOf(old), 500],
      [await hexOf(other), 500],
    ])
    const rotated = [await hexOf(old), await hexOf(next)]
    const authorizer = KmsAuthorizer.fromSigners([old, other], { accessNode: chain.url })
    return {
      next,
      address,
      signers: new Map([
        [0, old],
        [1, other],
      ]),
      authz: authorizer.authorize(address),
      from,
      check: async (newKeys = rotated) => {
        const rules = { url: chain.url, address, before, rotated: newKeys }
        return checkWeights(rules, { from, to: await sealedHeight(chain.url) })
      },
    }
  }

  it('finds the block in which the old key and the new one weigh 1,000 together', async () => {
    const { next, authz, check, from } = await startHalves()
    await world.chain.addKeys(authz, [{ signer: next, weight: 500 }])
    await world.chain.revokeKey(authz, 0)
    expect(await check()).toEqual({
      blocks: 3,
      states: 3,
      faults: [`block ${from + 1}: the rotated holder weighs 1000, more than 500`],
    })
  })

  it('finds the block from which on nobody can sign', async () => {
    const { authz, check, from, address, signers } = await startHalves()
    await world.chain.revokeKey(authz, 0)
    expect(await check()).toEqual({
      blocks: 2,
      states: 2,
      faults: [
        `block ${from + 1}: all weigh 500 together: nobody can sign`,
        `block ${from + 1}: the rotated holder weighs 0, less than 500`,
      ],
    })
    // The other checks see it as well: neither key moves the account now.
    expect(await sendSignedBy(world.chain.url, address, { proposer: 1, signers })).toContain(1_006)
  })

  it('finds a key of weight 0 that belongs to nobody', async () => {
    const { next, authz, check, from } = await startHalves()
    await world.chain.addKeys(authz, [{ signer: next, weight: 0 }])
    expect((await check()).faults).toEqual([])
    expect((await check([''])).faults).toEqual([`block ${from + 1}: key 2 is nobody's`])
  })
})

describe('a rotation', () => {
  const combinations = pairwiseCombinations.filter(
    ({ path }) => pkcs11 || path !== 'KMS to PKCS#11',
  )

  it.each(combinations.map((one) => [nameOf(one), one] as const))(
    'keeps every weight at every block: %s',
    async (_, combination) => {
      const account = await world.createAccount(combination)
      const { faults, transactions } = await tryRotation(world, account)
      expect(faults).toEqual([])
      expect(transactions.filter(({ errorCodes }) => errorCodes.length > 0)).toEqual([])
      expect(transactions.map(({ rotation }) => rotation)).toEqual([
        'rotation-add-keys',
        'rotation-add-keys',
        'rotate-key',
      ])
    },
  )

  const [plain] = combinations
  if (plain === undefined) throw new Error('there is no combination')

  it('cuts a compromised key off while the others reach 1,000, and restores the weight', async () => {
    const combination = { ...plain, weights: [500, 500, 500] }
    const account = await world.createAccount(combination)
    const { faults, transactions, report } = await tryRotation(world, account, { emergency: true })
    expect(faults).toEqual([])
    expect(report.plan.mode).toBe('cut')
    expect(transactions.map(({ rotation }) => rotation)).toEqual([
      'revoke-keys',
      'rotation-add-keys',
      'rotation-add-keys',
      'restore-key',
    ])
  })

  it('revokes more copies than one transaction can', async () => {
    const account = await world.createAccount(plain, 255)
    const { faults, transactions } = await tryRotation(world, account)
    expect(faults).toEqual([])
    expect(transactions.map(({ rotation }) => rotation)).toEqual([
      'rotation-add-keys',
      'rotation-add-keys',
      'rotate-key',
      'revoke-keys',
    ])
  })

  it.each([
    ['reply is lost', { kind: 'lose-reply' }],
    ['connection is reset before it arrives', { kind: 'reset-before' }],
  ] as const)('swaps the keys once when the %s', async (_, fault) => {
    const account = await world.createAccount(plain)
    await using proxy = await startFaultProxy({ target: world.chain.url })
    let sends = 0
    // Adding, proving, swapping.
    proxy.setFault((request) => (isSend(request) && ++sends === 3 ? fault : undefined))
    const { faults, transactions } = await tryRotation(world, account, { url: proxy.url })
    expect(faults).toEqual([])
    expect(sends).toBeGreaterThanOrEqual(3)
    const swaps = transactions.filter(({ rotation }) => rotation === 'rotate-key')
    expect(swaps.map(({ errorCodes }) => errorCodes)).toEqual([[]])
  })
})
