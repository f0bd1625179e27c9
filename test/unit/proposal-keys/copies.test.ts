import { engineOf } from '../../../src/authorizer/kms-authorizer.ts'
import { bytesToHex } from '../../../src/crypto/hex.ts'
import { connectAccessNode } from '../../../src/flow/access-node.ts'
import { KmsAuthorizer } from '../../../src/index.ts'
import { findCopies } from '../../../src/proposal-keys/copies.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { address, startPoolChain } from '../../support/pool-world.ts'

const signers = [1, 2, 3].map(() => createSoftwareSigner({ algorithm: 'ECDSA_P256' }))
const authorizer = KmsAuthorizer.fromSigners(signers)

type Key = {
  readonly weight: number
  /** 0 to 2 for one of ours; 3 is a key that nobody here holds. */
  readonly holder?: number
  readonly hash?: 'SHA2_256' | 'SHA3_256'
  readonly revoked?: boolean
  readonly sequenceNumber?: number
}

/** What is found on an account with these keys, in the order of their indexes. */
async function found(keys: readonly Key[]) {
  const publicKeys = await Promise.all(
    signers.map(async (signer) => bytesToHex((await signer.publicKey()).bytes)),
  )
  const body = {
    address: address.slice(2),
    balance: '0',
    keys: keys.map(
      ({ weight, holder = 0, hash = 'SHA3_256', revoked = false, sequenceNumber = 0 }, index) => ({
        index: String(index),
        public_key: `0x${publicKeys[holder] ?? 'ab'.repeat(64)}`,
        signing_algorithm: 'ECDSA_P256',
        hashing_algorithm: hash,
        sequence_number: String(sequenceNumber),
        weight: String(weight),
        revoked,
      }),
    ),
  }
  await using node = await startPoolChain({ copies: 0 })
  node.setFault(({ path }) => (path.startsWith('accounts/') ? { status: 200, body } : undefined))
  return (await findCopies(engineOf(authorizer), connectAccessNode(node.url), address)).copies
}

describe('findCopies', () => {
  it('finds the copies of a key that signs, with their numbers', async () => {
    const keys = [
      { weight: 1_000, sequenceNumber: 9 },
      { weight: 0, sequenceNumber: 4 },
      { weight: 0, sequenceNumber: 5 },
    ]
    expect(await found(keys)).toEqual([
      { keyIndex: 1, sequenceNumber: 4n },
      { keyIndex: 2, sequenceNumber: 5n },
    ])
  })

  it('finds copies of each of the keys that sign together', async () => {
    const keys = [
      { weight: 500, holder: 0 },
      { weight: 500, holder: 1 },
      { weight: 0, holder: 1 },
      { weight: 0, holder: 0 },
    ]
    expect((await found(keys)).map(({ keyIndex }) => keyIndex)).toEqual([2, 3])
  })

  it.each([
    { of: 'a key that is not needed', key: { weight: 0, holder: 2 } },
    { of: 'a key of nobody here', key: { weight: 0, holder: 3 } },
    { of: 'a key that signs, with another hash', key: { weight: 0, hash: 'SHA2_256' } as const },
    { of: 'a key that signs, but revoked', key: { weight: 0, revoked: true } },
    { of: 'a key that signs, with a weight of its own', key: { weight: 1 } },
  ])('leaves out a copy of $of', async ({ key }) => {
    const spare = { weight: 0, sequenceNumber: 3 }
    expect(await found([{ weight: 1_000 }, { weight: 1, holder: 2 }, key, spare])).toEqual([
      { keyIndex: 3, sequenceNumber: 3n },
    ])
  })

  it('refuses an account without any', async () => {
    await expect(found([{ weight: 1_000 }, { weight: 0, revoked: true }])).rejects.toMatchObject({
      code: 'NO_PROPOSAL_KEYS',
      context: { address },
    })
  })

  it('refuses an account for which too little weight is held', async () => {
    await expect(found([{ weight: 999 }, { weight: 0 }])).rejects.toMatchObject({
      code: 'WEIGHT_TOO_LOW',
      context: { address, weight: 999 },
    })
  })
})
