/// Puts a new key in the place of an old one, all at once: the new key gets exactly the weight of
/// the old, which is revoked together with its copies of weight 0. Before and after, everybody holds
/// the same weight, and there is no block between.
///
/// Signed by: the account whose key is rotated.
/// Arguments:
/// - oldIndex: the index of the old key
/// - oldPublicKey: 128 lower-case hexadecimal digits, X then Y, no prefix. Names the key once more,
///   since an index is what a node told
/// - weight: of the old key, and then of the new
/// - newPublicKey, newSignatureAlgorithm, newHashAlgorithm: as in rotation-add-keys.cdc
/// - firstIndex: the index that the new key gets, which is the number of keys that the account has,
///   revoked ones too. The new key is not among those with weight while the account has so many,
///   and so the transaction applies once, whoever sends it
/// - copies: indexes of keys with the old public key and weight 0. A transaction revokes 250 and more
/// Fails with:
/// - Rotation.InvalidPublicKey, Rotation.InvalidAlgorithm: Flow cannot sign with such a new key
/// - Rotation.SameKey: the new public key is the old one
/// - Rotation.NotTheKey: an index is unknown, or has another public key
/// - Rotation.Revoked: a key is revoked already, or named twice
/// - Rotation.WrongWeight: the old key has another weight
/// - Rotation.Weighted: a copy carries weight, which its holder would lose
/// - Rotation.NotNext: the account has more or fewer keys than was thought

transaction(
    oldIndex: Int,
    oldPublicKey: String,
    weight: UFix64,
    newPublicKey: String,
    newSignatureAlgorithm: UInt8,
    newHashAlgorithm: UInt8,
    firstIndex: Int,
    copies: [Int]
) {
    prepare(signer: auth(AddKey, RevokeKey) &Account) {
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
        if newPublicKey.toLower() == oldPublicKey {
            panic("Rotation.SameKey: the new public key is the old one")
        }

        let revoke = fun (index: Int, weight: UFix64, otherWeight: String) {
            // Outside this range get fails with an overflow and not with nil.
            let inRange = index >= 0 && index <= 4294967295
            let key = (inRange ? signer.keys.get(keyIndex: index) : nil)
                ?? panic("Rotation.NotTheKey: account \(signer.address) has no key \(index)")
            if key.isRevoked {
                panic("Rotation.Revoked: key \(index) of account \(signer.address) is revoked")
            }
            if String.encodeHex(key.publicKey.publicKey) != oldPublicKey {
                panic("Rotation.NotTheKey: key \(index) of account \(signer.address) has another public key")
            }
            if key.weight != weight {
                panic("Rotation.\(otherWeight): key \(index) of account \(signer.address) weighs \(key.weight), not \(weight)")
            }
            signer.keys.revoke(keyIndex: index)
        }
        revoke(index: oldIndex, weight: weight, otherWeight: "WrongWeight")
        for copy in copies {
            revoke(index: copy, weight: 0.0, otherWeight: "Weighted")
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
