/** RLP from strangers: the library decodes, after a look at how deep it would have to go. @module */

import { RLP } from '@ethereumjs/rlp'
import { malformedTransaction } from './transaction-fields.ts'

/** Bytes, or a list of items. */
export type RlpItem = Uint8Array | RlpItem[]

/** Lists in a transaction: the whole, the payload, its arguments; or the whole, signatures, one of them. */
const MAX_DEPTH = 3

/**
 * The library copies what is left at each level, so that a million lists in one another take it
 * seconds; such bytes are refused first.
 *
 * @param bytes - Borrowed.
 * @throws {SignerError} `MALFORMED_TRANSACTION` when it is not RLP or lists are nested deeper than
 * those of a transaction.
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  assertShallow(bytes)
  try {
    return RLP.decode(bytes)
  } catch (cause) {
    throw malformedTransaction('it is not RLP', cause)
  }
}

/** Steps over the headers alone; what is wrong with them is left to the library. */
function assertShallow(bytes: Uint8Array): void {
  const ends: number[] = []
  for (let at = 0; at < bytes.length; ) {
    while (at >= (ends.at(-1) ?? Number.POSITIVE_INFINITY)) ends.pop()
    const first = bytes[at] ?? 0
    const isList = first >= 0xc0
    const short = first - (isList ? 0xc0 : 0x80)
    const lengthBytes = Math.max(0, short - 55)
    const length = lengthBytes === 0 ? Math.max(0, short) : uint(bytes, at + 1, lengthBytes)
    at += 1 + lengthBytes
    if (!isList) at += first < 0x80 ? 0 : length
    else if (ends.push(at + length) > MAX_DEPTH) throw malformedTransaction('lists nested too deep')
  }
}

const uint = (bytes: Uint8Array, start: number, byteLength: number) =>
  bytes.subarray(start, start + byteLength).reduce((value, byte) => value * 256 + byte, 0)
