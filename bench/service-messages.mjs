/** The message of a mint of any number of items, as its payer signs it. @module */
import { readFileSync } from 'node:fs'
import { importFromRoot } from './own-package.mjs'

const { payloadMessage } = await importFromRoot('fcl-kms/crypto')

export const address = '0xf8d6e0586b0a20c7'
const source = readFileSync(
  new URL('../cadence/transactions/mint-batch.cdc', import.meta.url),
  'utf8',
)
export const cadence = source.replace('import "DropNFT"', `import DropNFT from ${address}`)

const array = (value) => ({ type: 'Array', value })
const text = (value) => ({ type: 'String', value })
const none = { type: 'Optional', value: null }
const emptyMap = { type: 'Dictionary', value: [] }
/** Of each argument, what it is for the item of this number. */
const items = [
  (index) => text(`order-${index}`),
  () => ({ type: 'Address', value: address }),
  (index) => text(`Drop #${index}`),
  () => text('One of a drop of many, with a description of usual length.'),
  (index) => text(`https://example.com/drops/${index}.png`),
  () => none,
  () => none,
  () => none,
  () => none,
  () => emptyMap,
  () => emptyMap,
]
export const parameters = [
  '[String]',
  '[Address]',
  '[String]',
  '[String]',
  '[String]',
  '[String?]',
  '[String?]',
  '[UInt64?]',
  '[UInt64?]',
  '[{String: String}]',
  '[{Address: UFix64}]',
]

/** @param {number} count of items */
export const mintMessage = (count) =>
  payloadMessage({
    cadence,
    arguments: items.map((item) =>
      JSON.stringify(array(Array.from({ length: count }, (_, index) => item(index)))),
    ),
    referenceBlockId: new Uint8Array(32).fill(171),
    computeLimit: 9_999,
    proposalKey: { address, keyIndex: 0, sequenceNumber: 7n },
    payer: address,
    authorizers: [address],
  })
