/** SubjectPublicKeyInfo, as KMS returns public keys, to the 64 bytes of a Flow account key. @module */

import { type AsnType, BitString, ObjectIdentifier, Sequence } from 'asn1js'
import { SignerError } from '../errors.ts'
import { curves, type SignatureAlgorithm } from './algorithms.ts'
import { bytesOrNone } from './arguments.ts'
import { isDerOf, readAsn1 } from './asn1.ts'
import { checkedPublicKey } from './public-key.ts'

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'

/**
 * @param spki - Strict DER of an uncompressed point on P-256 or secp256k1. Neither modified nor retained.
 * @returns `bytes`: a new array of 64 bytes, X‖Y big-endian (the point without its leading 0x04).
 * @throws {SignerError} `MALFORMED_PUBLIC_KEY` for another curve, a compressed point, a point off
 * the curve, the point at infinity, or anything but DER.
 * @see RFC 5480 2 for the structure, SEC 1 v2 2.3.3 for the point.
 */
export function spkiToPublicKey(spki: Uint8Array): {
  bytes: Uint8Array
  algorithm: SignatureAlgorithm
} {
  const byteLength = bytesOrNone(spki)?.length ?? 0
  const fail = (reason: string) => new SignerError('MALFORMED_PUBLIC_KEY', { byteLength, reason })
  if (bytesOrNone(spki) === undefined) throw fail('not a Uint8Array')
  const outer = byteLength <= 128 ? readAsn1(spki) : undefined
  if (!(outer instanceof Sequence)) throw fail('not an ASN.1 SEQUENCE')
  const [identifier, key, ...rest] = outer.valueBlock.value
  if (!(identifier instanceof Sequence) || !(key instanceof BitString) || rest.length > 0)
    throw fail('not a SubjectPublicKeyInfo')
  const [type, parameters] = identifier.valueBlock.value.map(oidOf)
  if (type !== EC_PUBLIC_KEY) throw fail('not an elliptic curve key')
  const curve = Object.values(curves).find(({ oid }) => oid === parameters)
  if (curve === undefined) throw fail('a curve other than P-256 and secp256k1')
  const point = new Uint8Array(key.valueBlock.valueHexView)
  if (point.length !== 65 || point[0] !== 0x04) throw fail('not an uncompressed point')
  if (!isDerOf(subjectPublicKeyInfo(curve.oid, point), spki)) throw fail('not in DER')
  return { bytes: checkedPublicKey(point.slice(1), curve.algorithm), algorithm: curve.algorithm }
}

function subjectPublicKeyInfo(curveOid: string, point: Uint8Array): Sequence {
  const identifier = [EC_PUBLIC_KEY, curveOid].map((value) => new ObjectIdentifier({ value }))
  const key = new BitString({ valueHex: point })
  return new Sequence({ value: [new Sequence({ value: identifier }), key] })
}

const oidOf = (item: AsnType) =>
  item instanceof ObjectIdentifier ? item.valueBlock.toString() : undefined
