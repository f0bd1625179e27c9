/** Random transactions, and the same ones in the form of @onflow/sdk. @module */
import fc from 'fast-check'
import type { Transaction, TransactionSignature } from '../../../src/crypto/transaction.ts'
import { codePoint } from '../../support/code-points.ts'
import { hexOf } from './independent.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const text = fc.string({ unit: codePoint, maxLength: 60 })
const small = fc.oneof(fc.nat(300), fc.nat(0xffff_ffff), fc.nat(Number.MAX_SAFE_INTEGER))
const argument = fc.record({ type: fc.constantFrom('String', 'UFix64', 'Bool'), value: text })

/** Few addresses, so that one account has several roles; zeros in front, since RLP treats them. */
const addresses = fc
  .uniqueArray(
    fc.oneof(
      bytes(8),
      fc.nat(255).map((last) => new Uint8Array([0, 0, 0, 0, 0, 0, 0, last])),
    ),
    {
      minLength: 4,
      maxLength: 4,
      selector: hexOf,
    },
  )
  .map((list) => list.map(hexOf))

/** One transaction. Addresses without 0x: the sdk looks them up so. */
export const anyTransaction: fc.Arbitrary<Transaction> = addresses.chain((accounts) => {
  const account = fc.constantFrom(...accounts)
  return fc
    .record({
      cadence: text,
      arguments: fc.array(
        argument.map((value) => JSON.stringify(value)),
        { maxLength: 3 },
      ),
      referenceBlockId: bytes(32),
      computeLimit: small,
      proposalKey: fc.record({
        address: account,
        keyIndex: small,
        sequenceNumber: small.map(BigInt),
      }),
      payer: account,
      authorizers: fc.array(account, { maxLength: 3 }),
    })
    .chain((payload) => {
      const { proposalKey, payer, authorizers } = payload
      const signers = fc.constantFrom(proposalKey.address, payer, ...authorizers)
      const signature = fc
        .record({
          address: signers,
          keyIndex: fc.oneof(fc.nat(5), small),
          signature: bytes(64),
          extension: fc.option(fc.uint8Array({ maxLength: 70 }), { freq: 5 }),
        })
        .map(
          ({ extension, ...entry }): TransactionSignature =>
            extension === null ? entry : { ...entry, extensionData: extension },
        )
      const signatures = fc.uniqueArray(signature, {
        maxLength: 4,
        selector: ({ address, keyIndex }) => `${address} ${keyIndex}`,
      })
      return fc.record({
        ...constants(payload),
        payloadSignatures: signatures,
        envelopeSignatures: signatures,
      })
    })
})

function constants<T extends object>(value: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  const entries = Object.entries(value).map(([name, field]) => [name, fc.constant(field)])
  return Object.fromEntries(entries) // each entry is a constant of the field of its name
}

/** The voucher of a transaction, as FCL builds it. */
export type Voucher = ReturnType<typeof voucherOf>

/** @param prefix - What FCL writes in front of addresses. */
export function voucherOf(transaction: Transaction, prefix = '') {
  const { proposalKey, payer, authorizers } = transaction
  const address = (value: string) => `${prefix}${value.replace(/^0x/, '')}`
  const signatures = (entries: readonly TransactionSignature[]) =>
    entries.map(({ address: signer, keyIndex, signature, extensionData }) => ({
      address: address(signer),
      keyId: keyIndex,
      sig: hexOf(signature),
      ...(extensionData === undefined ? {} : { extensionData: hexOf(extensionData) }),
    }))
  return {
    cadence: transaction.cadence,
    refBlock: hexOf(transaction.referenceBlockId),
    computeLimit: transaction.computeLimit,
    arguments: transaction.arguments.map(
      (argument) => JSON.parse(argument) as { type: string; value: string },
    ),
    proposalKey: {
      address: address(proposalKey.address),
      keyId: proposalKey.keyIndex,
      sequenceNum: Number(proposalKey.sequenceNumber),
    },
    payer: address(payer),
    authorizers: authorizers.map(address),
    payloadSigs: signatures(transaction.payloadSignatures),
    envelopeSigs: signatures(transaction.envelopeSignatures),
  }
}

/** A plain transaction to change one thing of. */
export const sampleTransaction: Transaction = {
  cadence: 'transaction(n: Int) { prepare(signer: &Account) {} }',
  arguments: ['{"type":"Int","value":"7"}'],
  referenceBlockId: new Uint8Array(32).fill(0xab),
  computeLimit: 100,
  proposalKey: { address: '0x0102030405060708', keyIndex: 3, sequenceNumber: 41n },
  payer: '0x1112131415161718',
  authorizers: ['0x0102030405060708', '0x2122232425262728'],
  payloadSignatures: [
    { address: '0x0102030405060708', keyIndex: 3, signature: new Uint8Array(64).fill(1) },
    { address: '0x2122232425262728', keyIndex: 0, signature: new Uint8Array(64).fill(2) },
  ],
  envelopeSignatures: [
    { address: '0x1112131415161718', keyIndex: 0, signature: new Uint8Array(64).fill(3) },
  ],
}
