/** Moves an NFT out of the treasury, which is the account itself. @module */

import { type Static, Type } from 'typebox'
import {
  addressValue,
  numberValue,
  readAddress,
  readArguments,
  readUInt64,
} from './cadence-values.ts'
import { describeParts } from './description.ts'
import { address, refuse, strict } from './input.ts'
import type { FunctionTemplate } from './template.ts'

const MAX_UINT64 = 0xffff_ffff_ffff_ffffn

const input = Type.Object(
  {
    recipient: address,
    nftId: Type.String({
      pattern: '^(?:0|[1-9][0-9]{0,19})$',
      description: 'Decimal digits: ids on mainnet are larger than a JSON number can say.',
    }),
  },
  strict,
)

/** What the API takes for one transfer. */
export type TransferInput = Static<typeof input>

const readers = [readAddress, readUInt64] as const

/** The recipient has set up a collection; the account holds the NFT in its own. */
export const transfer: FunctionTemplate = Object.freeze({
  name: 'transfer',
  title: 'Transfer an NFT from the treasury',
  input,
  maxItems: 100,
  cadenceFile: 'transactions/transfer.cdc',
  // It uses 89; a large collection takes more.
  submission: { kind: 'single', computeLimit: 250 },
  toArguments(value) {
    const { recipient, nftId } = value as TransferInput // the caller has checked it by `input`
    if (BigInt(nftId) > MAX_UINT64) throw refuse('/nftId', 'it is not below 2^64')
    return [addressValue(recipient), numberValue('UInt64', nftId)]
  },
  inspect(values) {
    const [recipient] = readArguments(values, readers)
    return { recipients: [recipient], amount: 1 }
  },
  titleOf(values) {
    const [recipient, nftId] = readArguments(values, readers)
    return `Transfer NFT ${nftId} from the treasury to ${recipient}`
  },
  describe(values) {
    const [recipient, nftId] = readArguments(values, readers)
    return {
      title: this.titleOf(values),
      lines: describeParts([
        { label: 'Recipient', value: recipient },
        { label: 'NFT id', value: nftId },
      ]),
    }
  },
} satisfies FunctionTemplate)
