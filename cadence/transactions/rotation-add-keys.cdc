/// Adds a key to the account at weight 0, once or more often: the first steps of a rotation, in which
/// a new key shows that it signs before it gets any weight. Proposed by a key that is on the account
/// at weight 0 already, the transaction is that proof, also when it adds nothing.
///
/// Signed by: the account that gets the key.
/// Arguments:
/// - publicKey: 128 hexadecimal digits, X then Y, no prefix
/// - signatureAlgorithm: the raw value in Cadence: 1 for ECDSA_P256, 2 for ECDSA_secp256k1. The
///   node API and the account-key encoding count differently (2 and 3)
/// - hashAlgorithm: the raw value in Cadence: 1 for SHA2_256, 3 for SHA3_256
/// - count: how often, 0 or more. A transaction holds about 600: its events may have 256,000 bytes,
///   and each key emits one of 376
/// - firstIndex: the index that the first new key gets, which is the number of keys that the account
///   has, revoked ones too. Of two transactions that name the same one, only one can succeed. With a
///   count of 0 it is not looked at
/// Fails with:
/// - Rotation.InvalidCount: less than 0
/// - Rotation.InvalidPublicKey: not 128 digits. What is no point of the curve fails in Cadence
/// - Rotation.InvalidAlgorithm: transactions cannot be signed with this algorithm
/// - Rotation.NotNext: the account has more or fewer keys than was thought

transaction(
    publicKey: String,
    signatureAlgorithm: UInt8,
    hashAlgorithm: UInt8,
    count: Int,
    firstIndex: Int
) {
    prepare(signer: auth(AddKey) &Account) {
        if count < 0 {
            panic("Rotation.InvalidCount: 0 or more keys are added, not \(count)")
        }
        if publicKey.length != 128 {
            panic("Rotation.InvalidPublicKey: a public key has 128 hexadecimal digits, not \(publicKey.length)")
        }
        if signatureAlgorithm != SignatureAlgorithm.ECDSA_P256.rawValue
            && signatureAlgorithm != SignatureAlgorithm.ECDSA_secp256k1.rawValue {
            panic("Rotation.InvalidAlgorithm: signature algorithm \(signatureAlgorithm) is neither 1 (ECDSA_P256) nor 2 (ECDSA_secp256k1)")
        }
        if hashAlgorithm != HashAlgorithm.SHA2_256.rawValue
            && hashAlgorithm != HashAlgorithm.SHA3_256.rawValue {
            panic("Rotation.InvalidAlgorithm: hash algorithm \(hashAlgorithm) is neither 1 (SHA2_256) nor 3 (SHA3_256)")
        }
        let key = PublicKey(
            publicKey: publicKey.decodeHex(),
            signatureAlgorithm: SignatureAlgorithm(rawValue: signatureAlgorithm)!
        )
        let hash = HashAlgorithm(rawValue: hashAlgorithm)!
        var added = 0
        while added < count {
            let new = signer.keys.add(publicKey: key, hashAlgorithm: hash, weight: 0.0)
            if new.keyIndex != firstIndex + added {
                panic("Rotation.NotNext: the next key of account \(signer.address) has index \(new.keyIndex), not \(firstIndex + added)")
            }
            added = added + 1
        }
    }
}
