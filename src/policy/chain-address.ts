/** Which chain an address can belong to: Flow addresses carry 19 bits of parity. @module */

import { SignerError } from '../errors.ts'

/**
 * The parity bits that each of the upper 45 bits of an address toggles, from the lowest of them up;
 * the lower 19 bits are the parity itself. In hexadecimal. It is the parity-check matrix of a
 * [64,45,7] linear code: two addresses of one chain differ in at least 7 bits.
 *
 * @see flow-go `model/flow/address.go`, `parityCheckMatrixColumns`, without its unit columns.
 */
const parityColumns: readonly number[] = [
  '7328d 6689a 6112f 6084b 433fd 42aab 41951 233ce 22a81 21948 1ef60 1deca 1c639 1bdd8 1a535',
  '194ac 18c46 1632b 1529b 14a43 13184 12942 118c1 0f812 0e027 0d00e 0c83c 0b01d 0a831 0982b',
  '07034 0682a 05819 03807 007d2 00727 0068e 0067c 0059d 004eb 003b4 0036a 002d9 001c7 0003f',
].flatMap((line) => line.split(' ').map((digits) => Number.parseInt(digits, 16)))

const PARITY_BITS = 19
const PARITY_MASK = 2 ** PARITY_BITS - 1

/**
 * What each chain adds to its addresses, so that no address is one of two chains. With it comes the
 * address of index 0, which belongs to nobody.
 *
 * @see flow-go `model/flow/address.go`, `invalidCodeTestNetwork` and `invalidCodeTransientNetwork`.
 */
const chainOffsets: ReadonlyMap<string, Word> = new Map([
  ['flow-mainnet', [0, 0]],
  ['flow-testnet', [0x6834ba37, 0xb3980209]],
  ['flow-emulator', [0x1cb15985, 0x7af02018]],
])

/** 64 bits in halves, the upper one first: a bigint for each bit takes ten times as long. */
type Word = readonly [number, number]

/**
 * @param option - Named by the error.
 * @throws {SignerError} `INVALID_OPTION` unless it is a chain whose addresses are known.
 */
export function assertChainId(option: string, chainId: string): void {
  if (!chainOffsets.has(chainId))
    throw new SignerError('INVALID_OPTION', {
      option,
      reason: `it is not one of ${[...chainOffsets.keys()].join(', ')}`,
    })
}

/**
 * Whether an account of this chain can have the address. Whether it exists only the chain knows.
 *
 * @param address - Only `0x` and 16 lower-case digits can be true.
 * @param chainId - `flow-mainnet`, `flow-testnet` or `flow-emulator` (without `--simple-addresses`).
 * @throws {SignerError} `INVALID_OPTION` for another chain.
 * @see flow-go `model/flow/chain.go`, `IsValid`
 */
export function isAddressOfChain(address: string, chainId: string): boolean {
  assertChainId('chainId', chainId)
  if (typeof address !== 'string' || !/^0x[0-9a-f]{16}$/.test(address)) return false
  const [offsetHigh, offsetLow] = chainOffsets.get(chainId) ?? [0, 0]
  const high = Number.parseInt(address.slice(2, 10), 16) ^ offsetHigh
  const low = Number.parseInt(address.slice(10), 16) ^ offsetLow
  let expected = 0
  for (let bit = PARITY_BITS; bit < 64; bit += 1)
    if ((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1)
      expected ^= parityColumns[bit - PARITY_BITS] ?? 0
  return (high | low) !== 0 && expected === (low & PARITY_MASK)
}
