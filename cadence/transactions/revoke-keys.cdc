/// Revokes keys of one public key, for good, and proves that the account can still be signed for:
/// the keys named as keepers weigh 1000 together afterwards. A rotation takes with it what of an old
/// key is left, a key that is compromised, or a new key that shall not be used after all.
///
/// Signed by: the account that loses the keys.
/// Arguments:
/// - publicKey: 128 lower-case hexadecimal digits, X then Y, no prefix: of all keys to revoke
/// - indexes: at least 1. A transaction revokes 250 and more
/// - keepers: indexes of keys that stay. They are named, since an account may have more keys than a
///   transaction can look at
/// Fails with:
/// - Rotation.InvalidCount: no index is given
/// - Rotation.NotTheKey: an index is unknown, or has another public key
/// - Rotation.Revoked: a key is revoked already, or named twice
/// - Rotation.InvalidKeeper: a keeper is unknown, revoked, among the keys to revoke, or named twice
/// - Rotation.WouldLock: the keepers weigh less than 1000, and perhaps nobody could ever sign for the
///   account again

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
