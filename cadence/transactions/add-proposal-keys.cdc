/// Adds copies of a key of the account at weight 0, for use as proposal keys. Each has a sequence
/// number of its own; none of them, nor all together, can authorize anything.
///
/// Signed by: the account that gets the keys.
/// Arguments:
/// - keyIndex: the key to copy, with its signature and hash algorithm: a signature of a copy is then
///   a signature of the key itself
/// - publicKey: 128 lower-case hexadecimal digits, X then Y, no prefix. Names the key once more, since
///   an index is what a node told
/// - count: how many to add, at least 1. A transaction holds about 600: its events may have 256,000
///   bytes, and each key emits one. A key takes 9.6 units of computation
/// Fails with:
/// - ProposalKeys.InvalidCount: less than 1
/// - ProposalKeys.NotTheKey: the index is unknown or revoked, or has another public key
/// - ProposalKeys.Weighted: a copy carries weight. Cannot be; it is what this transaction promises

transaction(keyIndex: Int, publicKey: String, count: Int) {
    prepare(signer: auth(AddKey) &Account) {
        if count < 1 {
            panic("ProposalKeys.InvalidCount: at least 1 key is added, not \(count)")
        }
        let key = signer.keys.get(keyIndex: keyIndex)
            ?? panic("ProposalKeys.NotTheKey: account \(signer.address) has no key \(keyIndex)")
        if key.isRevoked {
            panic("ProposalKeys.NotTheKey: key \(keyIndex) of account \(signer.address) is revoked")
        }
        if String.encodeHex(key.publicKey.publicKey) != publicKey {
            panic("ProposalKeys.NotTheKey: key \(keyIndex) of account \(signer.address) has another public key")
        }
        var added = 0
        while added < count {
            let copy = signer.keys.add(
                publicKey: key.publicKey,
                hashAlgorithm: key.hashAlgorithm,
                weight: 0.0
            )
            if copy.weight != 0.0 {
                panic("ProposalKeys.Weighted: key \(copy.keyIndex) weighs \(copy.weight)")
            }
            added = added + 1
        }
    }
}
