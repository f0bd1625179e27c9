/** The names and codes of Flow's signature and hash algorithms. @module */

/** As the access node's REST API spells them. */
export type SignatureAlgorithm = 'ECDSA_P256' | 'ECDSA_secp256k1'

/** As the access node's REST API spells them. Others cannot authorise a transaction. */
export type HashAlgorithm = 'SHA2_256' | 'SHA3_256'

export type Curve = {
  readonly algorithm: SignatureAlgorithm
  /** The order of the base point. */
  readonly order: bigint
  /** The curve as OpenSSL and node:crypto name it. */
  readonly opensslName: string
  /** The curve's name in a JWK. */
  readonly jwkName: string
  /** The object identifier in SubjectPublicKeyInfo. */
  readonly oid: string
  /** The node's code, as used in RLP. Cadence's enum differs: 1 and 2. */
  readonly nodeCode: number
  /** The raw value of Cadence's `SignatureAlgorithm`. */
  readonly cadenceRawValue: number
}

/**
 * The two curves that a Flow account key may use.
 * @see SEC 2 v2 2.4.1 (secp256k1) and 2.4.2 (secp256r1) for the orders, RFC 5480 2.1.1.1 for the
 * identifiers, flow-go `account_encoder.go` and Cadence `crypto_algorithm_types.go` for the codes.
 */
export const curves: Readonly<Record<SignatureAlgorithm, Curve>> = {
  ECDSA_P256: {
    algorithm: 'ECDSA_P256',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    opensslName: 'prime256v1',
    jwkName: 'P-256',
    oid: '1.2.840.10045.3.1.7',
    nodeCode: 2,
    cadenceRawValue: 1,
  },
  ECDSA_secp256k1: {
    algorithm: 'ECDSA_secp256k1',
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    opensslName: 'secp256k1',
    jwkName: 'secp256k1',
    oid: '1.3.132.0.10',
    nodeCode: 3,
    cadenceRawValue: 2,
  },
}

/** The node's codes of the hash algorithms; Cadence's `HashAlgorithm` has the same raw values. */
export const hashCodes: Readonly<Record<HashAlgorithm, number>> = { SHA2_256: 1, SHA3_256: 3 }

export const isSignatureAlgorithm = (value: unknown): value is SignatureAlgorithm =>
  value === 'ECDSA_P256' || value === 'ECDSA_secp256k1'

export const isHashAlgorithm = (value: unknown): value is HashAlgorithm =>
  value === 'SHA2_256' || value === 'SHA3_256'
