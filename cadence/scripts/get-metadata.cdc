/// Reads everything that one DropNFT shows, as its standard metadata views resolve.
///
/// Arguments:
/// - address: the account that holds the NFT
/// - id: the id of the NFT
/// Returns: one struct of plain values, or nil when the account does not hold the NFT.

import "DropNFT"
import "MetadataViews"

access(all) struct Royalty {
    access(all) let receiver: Address
    /// Whether the receiver can be paid now.
    access(all) let payable: Bool
    access(all) let cut: UFix64
    access(all) let description: String

    init(_ royalty: MetadataViews.Royalty) {
        self.receiver = royalty.receiver.address
        self.payable = royalty.receiver.check()
        self.cut = royalty.cut
        self.description = royalty.description
    }
}

/// `MetadataViews.NFTCollectionData` without its function, which no client can decode.
access(all) struct CollectionData {
    access(all) let storagePath: StoragePath
    access(all) let publicPath: PublicPath
    access(all) let publicCollection: String
    access(all) let publicLinkedType: String

    init(_ data: MetadataViews.NFTCollectionData) {
        self.storagePath = data.storagePath
        self.publicPath = data.publicPath
        self.publicCollection = data.publicCollection.identifier
        self.publicLinkedType = data.publicLinkedType.identifier
    }
}

access(all) struct CollectionDisplay {
    access(all) let name: String
    access(all) let description: String
    access(all) let externalURL: String
    access(all) let squareImage: String
    access(all) let bannerImage: String

    init(_ display: MetadataViews.NFTCollectionDisplay) {
        self.name = display.name
        self.description = display.description
        self.externalURL = display.externalURL.url
        self.squareImage = display.squareImage.file.uri()
        self.bannerImage = display.bannerImage.file.uri()
    }
}

access(all) struct Metadata {
    access(all) let id: UInt64
    access(all) let views: [String]
    access(all) let name: String
    access(all) let description: String
    access(all) let thumbnail: String
    access(all) let serial: UInt64
    /// Empty when the NFT is not part of an edition.
    access(all) let editions: [MetadataViews.Edition]
    access(all) let royalties: [Royalty]
    access(all) let externalURL: String
    access(all) let traits: {String: AnyStruct}
    access(all) let collectionData: CollectionData
    access(all) let collectionDisplay: CollectionDisplay

    init(_ nft: &DropNFT.NFT) {
        self.id = nft.id
        self.views = []
        for view in nft.getViews() {
            self.views.append(view.identifier)
        }

        let display = MetadataViews.getDisplay(nft)!
        self.name = display.name
        self.description = display.description
        self.thumbnail = display.thumbnail.uri()
        self.serial = MetadataViews.getSerial(nft)!.number
        self.editions = MetadataViews.getEditions(nft)?.infoList ?? []
        self.royalties = []
        for royalty in MetadataViews.getRoyalties(nft)!.getRoyalties() {
            self.royalties.append(Royalty(royalty))
        }
        self.externalURL = MetadataViews.getExternalURL(nft)!.url
        self.traits = {}
        for trait in MetadataViews.getTraits(nft)!.traits {
            self.traits[trait.name] = trait.value
        }
        self.collectionData = CollectionData(MetadataViews.getNFTCollectionData(nft)!)
        self.collectionDisplay = CollectionDisplay(MetadataViews.getNFTCollectionDisplay(nft)!)
    }
}

access(all) fun main(address: Address, id: UInt64): Metadata? {
    let collection = getAccount(address).capabilities.borrow<&DropNFT.Collection>(
        DropNFT.CollectionPublicPath
    )
    if let nft = collection?.borrowNFT(id) {
        return Metadata(nft! as! &DropNFT.NFT)
    }
    return nil
}
