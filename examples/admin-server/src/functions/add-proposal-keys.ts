/** Copies of a key of the account at weight 0: more transactions at once. @module */

import { type Static, Type } from 'typebox'
import {
  numberValue,
  readArguments,
  readCount,
  readPublicKey,
  textValue,
} from './cadence-values.ts'
import { describeParts } from './description.ts'
import { publicKey, strict } from './input.ts'
import type { FunctionTemplate } from './template.ts'

/** Their events leave room in a transaction, and so does the compute limit. */
const MAX_KEYS = 200

const input = Type.Object(
  {
    keyIndex: Type.Integer({
      minimum: 0,
      maximum: 4_294_967_295,
      description: 'The index of the key to copy.',
    }),
    publicKey,
    count: Type.Integer({ minimum: 1, maximum: MAX_KEYS }),
  },
  strict,
)

/** What the API takes. */
export type AddProposalKeysInput = Static<typeof input>

const readers = [readCount, readPublicKey, readCount] as const

/** The public key names the key once more, since an index is what a node told. */
export const addProposalKeys: FunctionTemplate = Object.freeze({
  name: 'add-proposal-keys',
  title: 'Add proposal keys to the account',
  input,
  maxItems: 10,
  cadenceFile: 'transactions/add-proposal-keys.cdc',
  // 9.6 units a key: twice what the most keys use, as the library declares it.
  submission: { kind: 'single', computeLimit: 100 + 20 * MAX_KEYS },
  addsProposalKeys: true,
  toArguments(value) {
    const { keyIndex, publicKey, count } = value as AddProposalKeysInput // checked by the caller
    return [numberValue('Int', keyIndex), textValue(publicKey), numberValue('Int', count)]
  },
  inspect(values) {
    const [, , count] = readArguments(values, readers)
    return { recipients: [], amount: count }
  },
  titleOf(values) {
    const [keyIndex, , count] = readArguments(values, readers)
    return `Add ${count} proposal ${count === 1 ? 'key' : 'keys'}: copies of key ${keyIndex} at weight 0`
  },
  describe(values) {
    const [keyIndex, key, count] = readArguments(values, readers)
    return {
      title: this.titleOf(values),
      lines: describeParts([
        { label: 'Key index', value: String(keyIndex) },
        { label: 'Public key', value: key },
        { label: 'Count', value: String(count) },
        { label: 'Weight of each', value: '0' },
      ]),
    }
  },
} satisfies FunctionTemplate)
