/** Inputs of the functions that are taken, to be changed by the tests. @module */

import { isAdminError } from '../../../../examples/admin-server/src/errors.ts'
import type { FunctionTemplate } from '../../../../examples/admin-server/src/functions/template.ts'
import { compileSchema } from '../../../../examples/admin-server/src/http/validation.ts'
import type { JsonCadence } from '../../../../src/relay/index.ts'

/** A point of P-256, which is none of secp256k1. */
export const p256Key =
  '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
  '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
export const address = '0x01cf0e2f2f715450'

/** One that is taken, by the name of the function. */
export const inputs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  mint: {
    recipient: address,
    name: 'Ticket 7',
    description: 'Row 1\nSeat 7',
    thumbnail: 'https://example.org/7.png',
    externalUrl: 'ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/7',
    edition: { name: 'First', number: 7, max: 100 },
    traits: { Row: '1', Seat: '7' },
    royalties: [{ receiver: '0x179b6b1cb6755e31', cut: '0.05' }],
  },
  transfer: { recipient: address, nftId: '281474987073562' },
  'create-custodial-account': {
    publicKey: p256Key,
    signatureAlgorithm: 'ECDSA_P256',
    hashAlgorithm: 'SHA3_256',
  },
  'add-proposal-keys': { keyIndex: 0, publicKey: p256Key, count: 25 },
}

/** Who refuses an input: the schema, or the check of the field that is named; or nobody. */
export function refusedBy(template: FunctionTemplate, input: unknown): string | undefined {
  // As the server compiles it.
  const check = compileSchema({ schema: template.input, method: 'POST', url: '', httpPart: 'body' })
  const result: unknown = check(input)
  if (typeof result !== 'object' || result === null || 'error' in result) return 'schema'
  try {
    template.toArguments(input, 'rq_1-0')
    return undefined
  } catch (thrown) {
    if (!isAdminError(thrown, 'INVALID_REQUEST')) throw thrown
    return JSON.stringify(thrown.facts['errors']).match(/"field":"([^"]*)"/)?.[1]
  }
}

/** As they come out of a transaction. */
export const decoded = (values: readonly JsonCadence[]): readonly JsonCadence[] =>
  JSON.parse(JSON.stringify(values))
