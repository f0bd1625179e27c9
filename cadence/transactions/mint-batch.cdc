/// Mints many NFTs, each for its own request and to its own recipient. All are minted or none.
///
/// Signed by: the account that holds the DropNFT minter, which is the deployer.
/// Arguments: those of mint.cdc, each as an array with one element per request.
/// Fails with: what mint.cdc fails with, for any of the requests, and
/// - DropNFT.InvalidBatch: the batch is empty or the arrays differ in length.
///
/// The compute limit of a transaction bounds a batch; see cadence/README.md.

import "DropNFT"

transaction(
    requestIds: [String],
    recipients: [Address],
    names: [String],
    descriptions: [String],
    thumbnails: [String],
    externalURLs: [String?],
    editionNames: [String?],
    editionNumbers: [UInt64?],
    editionMaxes: [UInt64?],
    traits: [{String: String}],
    royalties: [{Address: UFix64}]
) {
    let minter: auth(DropNFT.Mint) &DropNFT.Minter

    prepare(signer: auth(BorrowValue) &Account) {
        self.minter = signer.storage.borrow<auth(DropNFT.Mint) &DropNFT.Minter>(
            from: DropNFT.MinterStoragePath
        ) ?? panic("DropNFT.NotMinter: account \(signer.address) does not hold the minter")
    }

    execute {
        let collections: [&DropNFT.Collection] = []
        for recipient in recipients {
            collections.append(
                getAccount(recipient).capabilities.borrow<&DropNFT.Collection>(
                    DropNFT.CollectionPublicPath
                ) ?? panic("DropNFT.NoCollection: account \(recipient) has no DropNFT collection")
            )
        }
        self.minter.mintBatch(
            requestIds: requestIds,
            recipients: collections,
            names: names,
            descriptions: descriptions,
            thumbnails: thumbnails,
            externalURLs: externalURLs,
            editionNames: editionNames,
            editionNumbers: editionNumbers,
            editionMaxes: editionMaxes,
            traits: traits,
            royalties: royalties
        )
    }
}
