/// Creates an account with one key of weight 1000 and an empty DropNFT collection that anyone can
/// deposit to, so that it can receive a mint at once. Its address is in `flow.AccountCreated`.
///
/// Signed by: the account that pays for the new one.
/// Arguments:
/// - publicKey: 128 hexadecimal digits, X then Y, no prefix; whoever holds the key owns the account
/// - signatureAlgorithm: the raw value in Cadence: 1 for ECDSA_P256, 2 for ECDSA_secp256k1. The
///   node API and the account-key encoding count differently (2 and 3)
/// - hashAlgorithm: the raw value in Cadence: 1 for SHA2_256, 3 for SHA3_256
/// Fails with:
/// - AccountKey.InvalidPublicKey: not 128 digits. What is no point of the curve fails in Cadence
/// - AccountKey.InvalidAlgorithm: transactions cannot be signed with this algorithm

import "DropNFT"

transaction(publicKey: String, signatureAlgorithm: UInt8, hashAlgorithm: UInt8) {
    prepare(signer: auth(BorrowValue) &Account) {
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
        let account = Account(payer: signer)
        account.keys.add(
            publicKey: PublicKey(
                publicKey: publicKey.decodeHex(),
                signatureAlgorithm: SignatureAlgorithm(rawValue: signatureAlgorithm)!
            ),
            hashAlgorithm: HashAlgorithm(rawValue: hashAlgorithm)!,
            weight: 1000.0
        )
        account.storage.save(
            <- DropNFT.createEmptyCollection(nftType: Type<@DropNFT.NFT>()),
            to: DropNFT.CollectionStoragePath
        )
        // A capability of no entitlement: deposits and reads, no withdrawals.
        account.capabilities.publish(
            account.capabilities.storage.issue<&DropNFT.Collection>(DropNFT.CollectionStoragePath),
            at: DropNFT.CollectionPublicPath
        )
    }
}
