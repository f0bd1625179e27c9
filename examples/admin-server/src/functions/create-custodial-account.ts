/** A new Flow account for a customer, ready to receive NFTs. @module */

import { type Static, Type } from 'typebox'
import {
  numberValue,
  type Reader,
  readArguments,
  readPublicKey,
  readUInt8,
  textValue,
  unreadable,
} from './cadence-values.ts'
import { describeParts } from './description.ts'
import {
  assertPublicKey,
  hashAlgorithm,
  hashAlgorithms,
  publicKey,
  signatureAlgorithm,
  signatureAlgorithms,
  strict,
} from './input.ts'
import type { FunctionTemplate } from './template.ts'

const input = Type.Object({ publicKey, signatureAlgorithm, hashAlgorithm }, strict)

/** What the API takes for one account. */
export type CreateCustodialAccountInput = Static<typeof input>

const readers = [
  readPublicKey,
  readAlgorithm(signatureAlgorithms),
  readAlgorithm(hashAlgorithms),
] as const

/** The account pays; whoever holds the key owns the new account alone. */
export const createCustodialAccount: FunctionTemplate = Object.freeze({
  name: 'create-custodial-account',
  title: 'Set up a collection for a new custodial account',
  input,
  maxItems: 100,
  cadenceFile: 'transactions/create-custodial-account.cdc',
  // It uses 326.
  submission: { kind: 'single', computeLimit: 700 },
  toArguments(value) {
    const given = value as CreateCustodialAccountInput // the caller has checked it by `input`
    assertPublicKey('/publicKey', given.publicKey, given.signatureAlgorithm)
    return [
      textValue(given.publicKey),
      numberValue('UInt8', signatureAlgorithms[given.signatureAlgorithm]),
      numberValue('UInt8', hashAlgorithms[given.hashAlgorithm]),
    ]
  },
  inspect(values) {
    readArguments(values, readers)
    return { recipients: [], amount: 1 } // its address is not known before
  },
  titleOf(values) {
    const [key] = readArguments(values, readers)
    return `Create an account with a DropNFT collection for the public key ${key}`
  },
  describe(values) {
    const [key, signing, hashing] = readArguments(values, readers)
    return {
      title: this.titleOf(values),
      lines: describeParts([
        { label: 'Public key', value: key },
        { label: 'Signature algorithm', value: signing },
        { label: 'Hash algorithm', value: hashing },
        { label: 'Weight', value: '1000' },
      ]),
    }
  },
} satisfies FunctionTemplate)

/** @returns The name of an algorithm, from its raw value in Cadence. */
function readAlgorithm(algorithms: Readonly<Record<string, number>>): Reader<string> {
  return (value) => {
    const raw = readUInt8(value)
    const [name] = Object.entries(algorithms).find(([, one]) => one === raw) ?? []
    if (name === undefined) throw unreadable('an algorithm is none of account keys')
    return name
  }
}
