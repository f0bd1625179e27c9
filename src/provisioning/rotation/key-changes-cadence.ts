/** The Cadence that a rotation sends, as data: for its builders, and for whoever allows it by a policy. @module */

const ROTATION_ADD_KEYS = String.raw`
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
`

const ROTATE_KEY = String.raw`
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
`

const REVOKE_KEYS = String.raw`
transaction(publicKey: String, indexes: [Int], keepers: [Int]) {
    prepare(signer: auth(RevokeKey) &Account) {
        if indexes.length < 1 {
            panic("Rotation.InvalidCount: at least 1 key is revoked, not 0")
        }
        let keyOf = fun (index: Int): AccountKey? {
            // Outside this range get fails with an overflow and not with nil.
            let inRange = index >= 0 && index <= 4294967295
            return inRange ? signer.keys.get(keyIndex: index) : nil
        }
        for index in indexes {
            let key = keyOf(index: index)
                ?? panic("Rotation.NotTheKey: account \(signer.address) has no key \(index)")
            if key.isRevoked {
                panic("Rotation.Revoked: key \(index) of account \(signer.address) is revoked")
            }
            if String.encodeHex(key.publicKey.publicKey) != publicKey {
                panic("Rotation.NotTheKey: key \(index) of account \(signer.address) has another public key")
            }
            signer.keys.revoke(keyIndex: index)
        }

        // After the revocations: a keeper that is among them is found revoked.
        var weight = 0.0
        let counted: {Int: Bool} = {}
        for keeper in keepers {
            let key = keyOf(index: keeper)
                ?? panic("Rotation.InvalidKeeper: account \(signer.address) has no key \(keeper)")
            if key.isRevoked {
                panic("Rotation.InvalidKeeper: key \(keeper) of account \(signer.address) is revoked")
            }
            if counted.insert(key: keeper, true) != nil {
                panic("Rotation.InvalidKeeper: key \(keeper) is named twice")
            }
            weight = weight + key.weight
        }
        if weight < 1000.0 {
            panic("Rotation.WouldLock: the keepers of account \(signer.address) weigh \(weight), less than 1000.0")
        }
    }
}
`

const RESTORE_KEY = String.raw`
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
`

/**
 * The transactions of a rotation by name: `cadence/transactions/…` without the leading comments, which
 * say what each promises. The bytes are those that are signed and sent.
 */
export const rotationTransactions: Readonly<
  Record<'rotation-add-keys' | 'rotate-key' | 'revoke-keys' | 'restore-key', string>
> = Object.freeze({
  'rotation-add-keys': ROTATION_ADD_KEYS,
  'rotate-key': ROTATE_KEY,
  'revoke-keys': REVOKE_KEYS,
  'restore-key': RESTORE_KEY,
})
