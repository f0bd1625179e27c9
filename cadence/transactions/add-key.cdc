/// Adds a key to the account of the signer.
///
/// Signed by: the account that gets the key.
/// Arguments:
/// - publicKey: 128 hexadecimal digits, X then Y, no prefix
/// - signatureAlgorithm: the raw value in Cadence: 1 for ECDSA_P256, 2 for ECDSA_secp256k1. The
///   node API and the account-key encoding count differently (2 and 3)
/// - hashAlgorithm: the raw value in Cadence: 1 for SHA2_256, 3 for SHA3_256
/// - weight: a whole number from 0.0 to 1000.0. A transaction needs 1000 of its authorizer
/// Fails with:
/// - AccountKey.InvalidPublicKey: not 128 digits. What is no point of the curve fails in Cadence
/// - AccountKey.InvalidAlgorithm: transactions cannot be signed with this algorithm
/// - AccountKey.InvalidWeight: the protocol would take it and store another: 1500.0 as 1500, 0.5
///   as 0 and 40000.0 as 7232

transaction(
    publicKey: String,
    signatureAlgorithm: UInt8,
    hashAlgorithm: UInt8,
    weight: UFix64
) {
    prepare(signer: auth(AddKey) &Account) {
        if publicKey.length != 128 {
            panic("AccountKey.InvalidPublicKey: a public key has 128 hexadecimal digits, not \(publicKey.length)")
        }
        if signatureAlgorithm != SignatureAlgorithm.ECDSA_P256.rawValue
            && signatureAlgorithm != SignatureAlgorithm.ECDSA_secp256k1.rawValue {
            panic("AccountKey.InvalidAlgorithm: signature algorithm \(signatureAlgorithm) is neither 1 (ECDSA_P256) nor 2 (ECDSA_secp256k1)")
        }
        if hashAlgorithm != HashAlgorithm.SHA2_256.rawValue
            && hashAlgorithm != HashAlgorithm.SHA3_256.rawValue {
            panic("AccountKey.InvalidAlgorithm: hash algorithm \(hashAlgorithm) is neither 1 (SHA2_256) nor 3 (SHA3_256)")
        }
        if weight > 1000.0 || weight % 1.0 != 0.0 {
            panic("AccountKey.InvalidWeight: a weight is a whole number from 0.0 to 1000.0, not \(weight)")
        }
        signer.keys.add(
            publicKey: PublicKey(
                publicKey: publicKey.decodeHex(),
                signatureAlgorithm: SignatureAlgorithm(rawValue: signatureAlgorithm)!
            ),
            hashAlgorithm: HashAlgorithm(rawValue: hashAlgorithm)!,
            weight: weight
        )
    }
}
