/** Files that the Flow CLI wrote, passed among seven hands, and signatures that mainnet took. @module */
import { readFileSync } from 'node:fs'
import type { Account, AccountKey } from '../../../src/flow/accounts.ts'
import {
  decodeTransactionFile,
  encodeTransactionFile,
  messageToSign,
} from '../../../src/transactions/index.ts'
import { mergeTransactions } from '../../../src/transactions/merge.ts'
import { partiesOf } from '../../../src/transactions/parties.ts'
import { verifySignatures } from '../../../src/transactions/verify-signatures.ts'
import { accountOf, accountsOf } from './accounts.ts'

type Vectors = {
  readonly keys: readonly (Pick<
    AccountKey,
    'publicKey' | 'signatureAlgorithm' | 'hashAlgorithm'
  > & {
    readonly address: string
    readonly keyIndex: number
  })[]
  readonly files: readonly { readonly name: string; readonly rlp: string }[]
}

const url = new URL('../../vectors/flow-cli-transactions.json', import.meta.url)
const { keys, files }: Vectors = JSON.parse(readFileSync(url, 'utf8'))
const transactions = files.map(({ rlp }) => decodeTransactionFile(rlp).transaction)
const [unsigned, ...signed] = transactions
const complete = transactions.at(-1)
if (unsigned === undefined || complete === undefined) throw new Error('there are no vectors')

const account = (address: string): Account => ({
  ...accountOf(address, []),
  keys: keys
    .filter((key) => key.address === address)
    .map(({ keyIndex, address: _, ...key }) => ({
      ...key,
      index: keyIndex,
      weight: 250,
      sequenceNumber: 0n,
      revoked: false,
    })),
})
const accounts = accountsOf(...new Set(keys.map(({ address }) => account(address))))

describe('a file of the Flow CLI', () => {
  it.each(files)('$name is read and written as it was', ({ rlp }) => {
    const { transaction, format } = decodeTransactionFile(rlp)
    expect(format).toBe('rlp')
    expect(encodeTransactionFile(transaction)).toBe(rlp)
    const json = encodeTransactionFile(transaction, 'json')
    expect(encodeTransactionFile(decodeTransactionFile(json).transaction)).toBe(rlp)
  })

  it('has signatures of the messages that are computed here, on both curves', () => {
    expect(new Set(keys.map(({ signatureAlgorithm }) => signatureAlgorithm)).size).toBe(2)
    expect(() => verifySignatures(complete, accounts)).not.toThrow()
    const parties = partiesOf(complete, accounts)
    expect(parties.map(({ part, weight, complete: all }) => [part, weight, all])).toEqual([
      ['envelope', 1000, true],
      ['payload', 1000, true],
    ])
  })

  it('has none of them when one bit of the script is another', () => {
    const other = { ...complete, cadence: complete.cadence.replace('owner', 'ovner') }
    expect(() => verifySignatures(other, accounts)).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_REFUSED' }),
    )
  })

  it('is merged with those of the other hands to what was sent, in any order', () => {
    for (const list of [signed, [...signed].reverse(), signed.slice(-1)])
      expect(encodeTransactionFile(mergeTransactions(unsigned, list))).toBe(files.at(-1)?.rlp)
  })

  it('tells who signs next, as its hands signed it', () => {
    const [first] = partiesOf(unsigned, accounts).filter(({ part }) => part === 'payload')
    expect(first?.unsigned.map(({ keyIndex }) => keyIndex)).toEqual([1, 4, 5, 7])
    expect(messageToSign(unsigned, unsigned.payer).part).toBe('envelope')
  })
})
