/// Gives the signer a DropNFT collection that anyone can deposit to. Does nothing when it is there.
///
/// Signed by: the account that wants to hold DropNFTs.
/// Arguments: none.
/// Fails with:
/// - DropNFT.PathOccupied: something else is stored where the collection belongs.

import "DropNFT"

transaction {
    prepare(
        signer: auth(
            SaveValue,
            IssueStorageCapabilityController,
            PublishCapability,
            UnpublishCapability
        ) &Account
    ) {
        let storagePath = DropNFT.CollectionStoragePath
        let publicPath = DropNFT.CollectionPublicPath

        if let stored = signer.storage.type(at: storagePath) {
            if stored != Type<@DropNFT.Collection>() {
                panic("DropNFT.PathOccupied: \(storagePath) of account \(signer.address) holds \(stored.identifier)")
            }
        } else {
            signer.storage.save(
                <- DropNFT.createEmptyCollection(nftType: Type<@DropNFT.NFT>()),
                to: storagePath
            )
        }

        // A capability of no entitlement: deposits and reads, no withdrawals.
        if signer.capabilities.borrow<&DropNFT.Collection>(publicPath) == nil {
            signer.capabilities.unpublish(publicPath)
            signer.capabilities.publish(
                signer.capabilities.storage.issue<&DropNFT.Collection>(storagePath),
                at: publicPath
            )
        }
    }
}
