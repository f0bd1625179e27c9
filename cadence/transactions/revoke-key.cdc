/// Revokes a key of the account of the signer, for good: an index is never used again.
///
/// Signed by: the account that loses the key.
/// Arguments:
/// - keyIndex: the index of the key
/// Fails with:
/// - AccountKey.UnknownIndex: the account has no key of this index
/// - AccountKey.AlreadyRevoked: the key is revoked already
/// - AccountKey.WouldLock: the keys that are left weigh less than 1000, and nobody could ever sign
///   for the account again

transaction(keyIndex: Int) {
    prepare(signer: auth(RevokeKey) &Account) {
        // Outside this range `get` fails with an overflow and not with nil.
        let inRange = keyIndex >= 0 && keyIndex <= 4294967295
        let key = (inRange ? signer.keys.get(keyIndex: keyIndex) : nil)
            ?? panic("AccountKey.UnknownIndex: account \(signer.address) has no key of index \(keyIndex)")
        if key.isRevoked {
            panic("AccountKey.AlreadyRevoked: key \(keyIndex) of account \(signer.address) is revoked")
        }
        signer.keys.revoke(keyIndex: keyIndex)

        // `forEach` visits revoked keys too.
        var weight = 0.0
        signer.keys.forEach(fun (left: AccountKey): Bool {
            if !left.isRevoked {
                weight = weight + left.weight
            }
            return weight < 1000.0
        })
        if weight < 1000.0 {
            panic("AccountKey.WouldLock: without key \(keyIndex) the keys of account \(signer.address) weigh \(weight), less than 1000.0")
        }
    }
}
