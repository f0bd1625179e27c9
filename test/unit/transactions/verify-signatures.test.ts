import { curves } from '../../../src/crypto/algorithms.ts'
import {
  envelopeMessage,
  payloadMessage,
  type Transaction,
  type TransactionSignature,
} from '../../../src/crypto/transaction.ts'
import type { AccountKey } from '../../../src/flow/accounts.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { partiesOf } from '../../../src/transactions/parties.ts'
import { verifySignatures } from '../../../src/transactions/verify-signatures.ts'
import { sampleTransaction } from '../crypto/transactions.ts'
import { accountOf, accountsOf, keyOf } from './accounts.ts'

const author = '0x0102030405060708'
const payer = '0x1112131415161718'
const unsigned: Transaction = {
  ...sampleTransaction,
  proposalKey: { address: author, keyIndex: 0, sequenceNumber: 0n },
  payer,
  authorizers: [author],
  payloadSignatures: [],
  envelopeSignatures: [],
}
const signers = {
  author: createSoftwareSigner({ algorithm: 'ECDSA_P256' }),
  payer: createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' }),
}

/** Signed by both, each with its one key. */
async function signed(hashAlgorithm: 'SHA2_256' | 'SHA3_256' = 'SHA3_256') {
  const message = payloadMessage(unsigned)
  const one = await signers.author.sign({ message, hashAlgorithm })
  const half = { ...unsigned, payloadSignatures: [entry(author, one)] }
  const other = await signers.payer.sign({
    message: envelopeMessage(half),
    hashAlgorithm: 'SHA3_256',
  })
  return { ...half, envelopeSignatures: [entry(payer, other)] }
}

const entry = (address: string, signature: Uint8Array): TransactionSignature => ({
  address,
  keyIndex: 0,
  signature,
})

async function accounts(ofAuthor: Partial<AccountKey> = {}) {
  return accountsOf(
    accountOf(author, [{ ...(await keyOf(signers.author)), ...ofAuthor }]),
    accountOf(payer, [await keyOf(signers.payer)]),
  )
}

const fault = (transaction: Transaction, known: Awaited<ReturnType<typeof accounts>>) => {
  try {
    verifySignatures(transaction, known)
    return undefined
  } catch (thrown) {
    return thrown
  }
}
const refused = (
  reason: RegExp,
  context: object = { address: author, keyIndex: 0, part: 'payload' },
) =>
  expect.objectContaining({
    code: 'SIGNATURE_REFUSED',
    disposition: 'refuse',
    context: { ...context, reason: expect.stringMatching(reason) },
  })

/** The payload's signature in another form. */
const withPayload = async (
  change: (signature: TransactionSignature) => readonly TransactionSignature[],
) => {
  const transaction = await signed()
  return { ...transaction, payloadSignatures: transaction.payloadSignatures.flatMap(change) }
}

describe('each signature', () => {
  it('of payload and envelope is verified by the keys on the chain', async () => {
    expect(fault(await signed(), await accounts())).toBeUndefined()
    expect(fault(unsigned, await accounts())).toBeUndefined()
  })

  it('fails with any bit flipped, and so does that of the envelope over it', async () => {
    const transaction = await signed()
    for (const bit of [0, 7, 200, 255, 256, 300, 511]) {
      const flip = (bytes: Uint8Array) =>
        bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte))
      const changed = {
        ...transaction,
        payloadSignatures: transaction.payloadSignatures.map((one) => ({
          ...one,
          signature: flip(one.signature),
        })),
      }
      expect(fault(changed, await accounts())).toEqual(
        expect.objectContaining({ code: 'SIGNATURE_REFUSED' }),
      )
    }
  })

  it('may have s in either half, as on the chain', async () => {
    const { order } = curves.ECDSA_P256
    const known = await accounts()
    const transaction = await signed()
    const high = transaction.payloadSignatures.map((one) => {
      const s = BigInt(`0x${Buffer.from(one.signature.subarray(32)).toString('hex')}`)
      const other = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
      return { ...one, signature: new Uint8Array([...one.signature.subarray(0, 32), ...other]) }
    })
    const changed = { ...transaction, payloadSignatures: high, envelopeSignatures: [] }
    expect(fault(changed, known)).toBeUndefined()
  })

  it('tells the hash it was made with', async () => {
    expect(fault(await signed('SHA2_256'), await accounts())).toEqual(
      refused(/^it was made with SHA2_256, and the account key has SHA3_256$/),
    )
    expect(fault(await signed(), await accounts({ hashAlgorithm: 'SHA2_256' }))).toEqual(
      refused(/^it was made with SHA3_256, and the account key has SHA2_256$/),
    )
  })

  it('tells that it signs the other message', async () => {
    const signature = await signers.payer.sign({
      message: payloadMessage(unsigned),
      hashAlgorithm: 'SHA3_256',
    })
    const changed = { ...unsigned, envelopeSignatures: [entry(payer, signature)] }
    expect(fault(changed, await accounts())).toEqual(
      refused(/^it signs the payload, and this account signs the envelope$/, {
        address: payer,
        keyIndex: 0,
        part: 'envelope',
      }),
    )
  })

  it('of a key that the account does not have, or has revoked, is refused by name', async () => {
    const transaction = await withPayload((one) => [{ ...one, keyIndex: 7 }])
    expect(fault(transaction, await accounts())).toMatchObject({
      code: 'KEY_INDEX_UNKNOWN',
      context: { address: author, keyIndex: 7 },
    })
    expect(fault(await signed(), await accounts({ revoked: true }))).toMatchObject({
      code: 'KEY_REVOKED',
      context: { address: author, keyIndex: 0 },
    })
  })

  it.each<[string, Partial<AccountKey>]>([
    ['a hash', { hashAlgorithm: 'KECCAK_256' }],
    ['a curve', { signatureAlgorithm: 'BLS_BLS12_381' }],
  ])('of a key with %s that cannot authorize is refused', async (_, key) => {
    expect(fault(await signed(), await accounts(key))).toEqual(refused(/cannot authorize$/))
  })

  it('stands once, in payload and envelope together', async () => {
    const twice = await withPayload((one) => [one, one])
    expect(fault(twice, await accounts())).toEqual(refused(/twice/))
    const transaction = await signed()
    const [one] = transaction.payloadSignatures
    const both = {
      ...transaction,
      envelopeSignatures: [...transaction.envelopeSignatures, ...(one === undefined ? [] : [one])],
    }
    expect(fault(both, await accounts())).toMatchObject({ code: 'SIGNATURE_REFUSED' })
  })

  it('with scalars out of range, or with extension data, is refused', async () => {
    const zeros = await withPayload((one) => [{ ...one, signature: new Uint8Array(64) }])
    expect(fault(zeros, await accounts())).toEqual(refused(/out of range/))
    const extended = await withPayload((one) => [{ ...one, extensionData: new Uint8Array([0]) }])
    expect(fault(extended, await accounts())).toEqual(refused(/extension data/))
  })
})

describe('the weight that is there', () => {
  const weighted = (...weights: readonly number[]) => weights.map((weight) => ({ weight }))
  const half = (keyIndex: number, address = author) => ({
    ...entry(address, new Uint8Array(64)),
    keyIndex,
  })

  it('is that of the part in which a party signs, and the proposal key counts anywhere', () => {
    const known = accountsOf(
      accountOf(author, weighted(500, 500, 0)),
      accountOf(payer, weighted(1000)),
    )
    const transaction = {
      ...unsigned,
      proposalKey: { address: author, keyIndex: 2, sequenceNumber: 0n },
      payloadSignatures: [half(0), half(0, payer)],
      envelopeSignatures: [half(1), half(2)],
    }
    const [first, second] = partiesOf(transaction, known)
    expect(first).toMatchObject({
      address: author,
      roles: ['proposer', 'authorizer'],
      weight: 500,
      required: 1000,
      proposalKey: { keyIndex: 2, signed: true },
      complete: false,
    })
    expect(second).toMatchObject({ roles: ['payer'], weight: 0, complete: false, unsigned: [] })
  })

  it('is not needed of an account that only proposes; its one key is', () => {
    const known = accountsOf(accountOf(author, weighted(0, 1000)), accountOf(payer, weighted(1000)))
    const [proposer] = partiesOf({ ...unsigned, authorizers: [] }, known)
    expect(proposer).toMatchObject({ required: 0, complete: false })
    expect(proposer?.unsigned.map(({ keyIndex }) => keyIndex)).toEqual([0])
    const signedBy = (index: number) =>
      partiesOf({ ...unsigned, authorizers: [], payloadSignatures: [half(index)] }, known)[0]
    expect(signedBy(0)?.complete).toBe(true)
    expect(signedBy(1)?.complete).toBe(false)
  })

  it('can come from no key that is revoked, weightless or of another algorithm', () => {
    const keys = [
      { weight: 1000, revoked: true },
      { weight: 0 },
      { weight: 1000, hashAlgorithm: 'KECCAK_256' },
      { weight: 999 },
    ]
    const known = accountsOf(accountOf(payer, keys), accountOf(author, []))
    const party = partiesOf(unsigned, known).find(({ address }) => address === payer)
    expect(party?.unsigned.map(({ keyIndex }) => keyIndex)).toEqual([3])
  })
})
