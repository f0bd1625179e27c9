import { bytesToHex } from '../../../src/crypto/hex.ts'
import {
  envelopeMessage,
  payloadMessage,
  type Transaction,
} from '../../../src/crypto/transaction.ts'
import { importPublicKey, verifySignature } from '../../../src/crypto/verify.ts'
import { KmsAuthorizer, type Signer } from '../../../src/index.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { sampleTransaction } from '../crypto/transactions.ts'
import { PAYER, startNodeEndpoint } from '../provisioning/node-endpoint.ts'

const other = '0x01cf0e2f2f715450'
const unsigned: Transaction = {
  ...sampleTransaction,
  proposalKey: { address: other, keyIndex: 0, sequenceNumber: 0n },
  payer: PAYER,
  authorizers: [other],
  payloadSignatures: [],
  envelopeSignatures: [],
}

/** An authorizer for one account, on a node that knows both. */
async function holder(url: string, signer: Signer) {
  const { bytes, algorithm } = await signer.publicKey()
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: url })
  return { authorizer, key: importPublicKey(bytes, algorithm), publicKey: bytesToHex(bytes) }
}

async function world() {
  const node = await startNodeEndpoint()
  const software = () => createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  const [payer, author] = [await holder(node.url, software()), await holder(node.url, software())]
  const algorithm = 'ECDSA_P256'
  node.setKeys(PAYER, [{ publicKey: payer.publicKey, algorithm }])
  node.setKeys(other, [{ publicKey: author.publicKey, algorithm }])
  return { node, payer, author, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() }
}

describe('signTransaction', () => {
  it('signs payload and then envelope, as the chain reads them', async () => {
    await using made = await world()
    const { payer, author } = made
    const first = await author.authorizer.signTransaction(other, unsigned)
    const both = await payer.authorizer.signTransaction(PAYER, first)
    const [payload, envelope] = [both.payloadSignatures[0], both.envelopeSignatures[0]]
    const none = new Uint8Array()
    expect(
      verifySignature(author.key, payloadMessage(both), 'SHA3_256', payload?.signature ?? none),
    ).toBe(true)
    expect(
      verifySignature(payer.key, envelopeMessage(both), 'SHA3_256', envelope?.signature ?? none),
    ).toBe(true)
  })

  it('refuses to add to the payload of an envelope that is signed, and asks nobody', async () => {
    await using made = await world()
    const { payer, author, node } = made
    const first = await author.authorizer.signTransaction(other, unsigned)
    const both = await payer.authorizer.signTransaction(PAYER, first)
    await node[Symbol.asyncDispose]()
    await expect(author.authorizer.signTransaction(other, both)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'transaction' },
    })
  })

  it('lets another key of the payer sign the same envelope', async () => {
    await using made = await world()
    const { payer, author } = made
    const first = await author.authorizer.signTransaction(other, unsigned)
    const theirs = { address: PAYER, keyIndex: 7, signature: new Uint8Array(64).fill(1) }
    const begun = { ...first, envelopeSignatures: [theirs] }
    const both = await payer.authorizer.signTransaction(PAYER, begun)
    expect(both.envelopeSignatures.map(({ keyIndex }) => keyIndex).sort()).toEqual([0, 7])
  })

  it('signs with the key that is named where another party holds the proposal key', async () => {
    await using made = await world()
    const { author, payer, node } = made
    const algorithm = 'ECDSA_P256'
    node.setKeys(other, [
      { publicKey: payer.publicKey, algorithm, weight: 500 },
      { publicKey: author.publicKey, algorithm, weight: 500 },
    ])
    const half = await author.authorizer.signTransaction(other, unsigned, 1)
    expect(half.payloadSignatures.map(({ keyIndex }) => keyIndex)).toEqual([1])
    const both = await payer.authorizer.signTransaction(other, half, 0)
    expect(both.payloadSignatures.map(({ keyIndex }) => keyIndex)).toEqual([1, 0])
    await expect(author.authorizer.signTransaction(other, unsigned, 0)).rejects.toMatchObject({
      code: 'KEY_NOT_HELD',
    })
    node.setKeys(other, [
      { publicKey: payer.publicKey, algorithm },
      { publicKey: author.publicKey, algorithm },
    ])
    author.authorizer.forgetKeys(other)
    // In full, and yet without the proposal key.
    await expect(author.authorizer.signTransaction(other, unsigned)).rejects.toMatchObject({
      code: 'KEY_NOT_HELD',
    })
  })

  it.each([
    ['no transaction', undefined],
    ['a text', 'rlp'],
    ['one without signatures', { ...unsigned, envelopeSignatures: undefined }],
    [
      'one whose signature is hexadecimal',
      { ...unsigned, payloadSignatures: [{ address: other, keyIndex: 0, signature: 'ab' }] },
    ],
  ])('refuses %s before a key is asked', async (_, transaction) => {
    await using made = await world()
    const { author } = made
    // As JavaScript would call it, past the types.
    const signing = author.authorizer.signTransaction(other, transaction as unknown as Transaction)
    await expect(signing).rejects.toMatchObject({ code: 'MALFORMED_TRANSACTION' })
  })
})
