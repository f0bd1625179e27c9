/// Gives a new key the weight that a revoked key had: the end of a rotation in which a compromised
/// key was revoked before there was another. Nobody gains what was not lost before.
///
/// Signed by: the account that gets the key.
/// Arguments:
/// - newPublicKey, newSignatureAlgorithm, newHashAlgorithm: as in rotation-add-keys.cdc
/// - weight: of the revoked key, and then of the new
/// - firstIndex: the index that the new key gets, which is the number of keys that the account has,
///   revoked ones too. The weight was not given to another key while the account has so many, and so
///   the transaction applies once, whoever sends it
/// - revokedIndex: the index of the revoked key
/// - revokedPublicKey: 128 lower-case hexadecimal digits, X then Y, no prefix. Names it once more,
///   since an index is what a node told
/// Fails with:
/// - Rotation.InvalidPublicKey, Rotation.InvalidAlgorithm: Flow cannot sign with such a new key
/// - Rotation.SameKey: the new public key is the revoked one
/// - Rotation.NotTheKey: the index of the revoked key is unknown, or has another public key
/// - Rotation.NotRevoked: the key is not revoked
/// - Rotation.WrongWeight: the revoked key had another weight
/// - Rotation.NotNext: the account has more or fewer keys than was thought

transaction(
    newPublicKey: String,
    newSignatureAlgorithm: UInt8,
    newHashAlgorithm: UInt8,
    weight: UFix64,
    firstIndex: Int,
    revokedIndex: Int,
    revokedPublicKey: String
) {
    prepare(signer: auth(AddKey) &Account) {
        if newPublicKey.length != 128 {
            panic("Rotation.InvalidPublicKey: a public key has 128 hexadecimal digits, not \(newPublicKey.length)")
        }
        if newSignatureAlgorithm != SignatureAlgorithm.ECDSA_P256.rawValue
            && newSignatureAlgorithm != SignatureAlgorithm.ECDSA_secp256k1.rawValue {
            panic("Rotation.InvalidAlgorithm: signature algorithm \(newSignatureAlgorithm) is neither 1 (ECDSA_P256) nor 2 (ECDSA_secp256k1)")
        }
        if newHashAlgorithm != HashAlgorithm.SHA2_256.rawValue
            && newHashAlgorithm != HashAlgorithm.SHA3_256.rawValue {
            panic("Rotation.InvalidAlgorithm: hash algorithm \(newHashAlgorithm) is neither 1 (SHA2_256) nor 3 (SHA3_256)")
        }
        if newPublicKey.toLower() == revokedPublicKey {
            panic("Rotation.SameKey: the new public key is the revoked one")
        }

        // Outside this range get fails with an overflow and not with nil.
        let inRange = revokedIndex >= 0 && revokedIndex <= 4294967295
        let old = (inRange ? signer.keys.get(keyIndex: revokedIndex) : nil)
            ?? panic("Rotation.NotTheKey: account \(signer.address) has no key \(revokedIndex)")
        if String.encodeHex(old.publicKey.publicKey) != revokedPublicKey {
            panic("Rotation.NotTheKey: key \(revokedIndex) of account \(signer.address) has another public key")
        }
        if !old.isRevoked {
            panic("Rotation.NotRevoked: key \(revokedIndex) of account \(signer.address) is not revoked")
        }
        if old.weight != weight {
            panic("Rotation.WrongWeight: key \(revokedIndex) of account \(signer.address) weighed \(old.weight), not \(weight)")
        }

        let new = signer.keys.add(
            publicKey: PublicKey(
                publicKey: newPublicKey.decodeHex(),
                signatureAlgorithm: SignatureAlgorithm(rawValue: newSignatureAlgorithm)!
            ),
            hashAlgorithm: HashAlgorithm(rawValue: newHashAlgorithm)!,
            weight: weight
        )
        if new.keyIndex != firstIndex {
            panic("Rotation.NotNext: the next key of account \(signer.address) has index \(new.keyIndex), not \(firstIndex)")
        }
    }
}
