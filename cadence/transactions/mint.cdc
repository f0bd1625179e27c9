/// Mints one NFT for one request.
///
/// Signed by: the account that holds the DropNFT minter, which is the deployer.
/// Arguments:
/// - requestId: 1 to 128 ASCII characters, the caller's name for this mint; it mints once, ever
/// - recipient: an account that has run setup-collection.cdc
/// - name, description, thumbnail: what wallets show; see DropNFT.Minter for the lengths
/// - externalURL: the page of this NFT, or nil for the page of the collection
/// - editionName, editionNumber, editionMax: all nil when the NFT is not part of an edition
/// - traits: name → value
/// - royalties: receiver → share of the price of a sale, 0.0 to 1.0 and together at most 1.0
/// Fails with:
/// - DropNFT.NotMinter: the signer does not hold the minter
/// - DropNFT.NoCollection: the recipient has no collection
/// - DropNFT.DuplicateRequest: the request id was minted before
/// - DropNFT.InvalidRequestId, DropNFT.InvalidMetadata, DropNFT.InvalidEdition,
///   DropNFT.InvalidRoyalty: an argument is out of range
///
/// The recipient is borrowed as a concrete collection, not as any receiver: foreign code would run
/// at the cost of the payer.

import "DropNFT"

transaction(
    requestId: String,
    recipient: Address,
    name: String,
    description: String,
    thumbnail: String,
    externalURL: String?,
    editionName: String?,
    editionNumber: UInt64?,
    editionMax: UInt64?,
    traits: {String: String},
    royalties: {Address: UFix64}
) {
    let minter: auth(DropNFT.Mint) &DropNFT.Minter

    prepare(signer: auth(BorrowValue) &Account) {
        self.minter = signer.storage.borrow<auth(DropNFT.Mint) &DropNFT.Minter>(
            from: DropNFT.MinterStoragePath
        ) ?? panic("DropNFT.NotMinter: account \(signer.address) does not hold the minter")
    }

    execute {
        let collection = getAccount(recipient).capabilities.borrow<&DropNFT.Collection>(
            DropNFT.CollectionPublicPath
        ) ?? panic("DropNFT.NoCollection: account \(recipient) has no DropNFT collection")

        self.minter.mint(
            requestId: requestId,
            recipient: collection,
            name: name,
            description: description,
            thumbnail: thumbnail,
            externalURL: externalURL,
            editionName: editionName,
            editionNumber: editionNumber,
            editionMax: editionMax,
            traits: traits,
            royalties: royalties
        )
    }
}
