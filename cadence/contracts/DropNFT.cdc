/// DropNFT: NFTs minted on request, each request at most once.
///
/// A backend that mints for orders must survive crashes, lost replies and restored backups, and
/// none of them may mint twice. So every mint names the request that it fulfils, and this contract,
/// which alone cannot be rolled back, refuses a request id that it has minted before.
///
/// Who may do what:
/// - the deployer holds the one `Minter`. Another account mints only through a capability of type
///   `Capability<auth(DropNFT.Mint) &DropNFT.Minter>` that the deployer issues and can revoke;
/// - anyone may create a `Collection`; whoever stores one withdraws from it, anyone may deposit;
/// - anyone may ask which NFT a request became (`getMintedId`).
///
/// Each failure of this contract, and of the transactions beside it, starts with a stable code that
/// programs may rely on; the words after the colon are for people:
///   DropNFT.DuplicateRequest, DropNFT.InvalidRequestId, DropNFT.InvalidMetadata,
///   DropNFT.InvalidEdition, DropNFT.InvalidRoyalty, DropNFT.InvalidBatch, DropNFT.WrongType,
///   DropNFT.NotOwned, DropNFT.NoCollection, DropNFT.NotMinter, DropNFT.PathOccupied
///
/// To use it for your own drop, change the texts and URLs in `resolveContractView` and deploy.

import "FungibleToken"
import "MetadataViews"
import "NonFungibleToken"
import "ViewResolver"

access(all) contract DropNFT: NonFungibleToken {

    /// Held by whoever may mint. A plain `&Minter` can do nothing.
    access(all) entitlement Mint

    /// One NFT was minted for a request. `recipient` is nil if the receiver is not in storage.
    access(all) event Minted(
        requestId: String,
        id: UInt64,
        recipient: Address?,
        serial: UInt64,
        edition: UInt64?
    )

    /// The paths carry the address of this contract: a wallet may hold the drops of several
    /// projects, each of which deployed its own DropNFT.
    access(all) let CollectionStoragePath: StoragePath
    access(all) let CollectionPublicPath: PublicPath
    access(all) let MinterStoragePath: StoragePath

    /// How many NFTs were ever minted, burned ones included; also the serial of the latest one.
    access(all) var totalMinted: UInt64

    /// Request id → id of the NFT minted for it. Entries are never removed, not even when the NFT
    /// is burned: a request is fulfilled once.
    ///
    /// Why a dictionary: Cadence keeps a large one as a tree of slabs and reads only the path to
    /// the key, so that a look-up costs the same at a hundred entries as at a million.
    /// Why in the contract and not in `Minter` or in storage: a resource can be moved, destroyed or
    /// replaced by a transaction of its owner, and the registry would be gone with it.
    /// With each mint it grows by the length of the request id and about 30 bytes, charged to the
    /// storage of the deployer: at 100 MB per FLOW, a million requests named by UUID keep about
    /// 0.7 FLOW reserved. Deleting entries would free it and, with it, allow the second mint that
    /// the registry exists to refuse.
    access(contract) let mintedRequests: {String: UInt64}

    /// One NFT. What it is never changes after the mint.
    access(all) resource NFT: NonFungibleToken.NFT {
        /// The uuid of the resource: unique on the whole network, never reused.
        access(all) let id: UInt64
        /// The place in the order of mints of this contract, from 1, without gaps.
        access(all) let serial: UInt64
        access(all) let name: String
        access(all) let description: String
        access(all) let thumbnail: String
        access(all) let externalURL: String?
        access(all) let edition: MetadataViews.Edition?
        access(all) let traits: {String: String}
        access(all) let royalties: {Address: UFix64}

        init(
            serial: UInt64,
            name: String,
            description: String,
            thumbnail: String,
            externalURL: String?,
            edition: MetadataViews.Edition?,
            traits: {String: String},
            royalties: {Address: UFix64}
        ) {
            self.id = self.uuid
            self.serial = serial
            self.name = name
            self.description = description
            self.thumbnail = thumbnail
            self.externalURL = externalURL
            self.edition = edition
            self.traits = traits
            self.royalties = royalties
        }

        access(all) fun createEmptyCollection(): @{NonFungibleToken.Collection} {
            return <- DropNFT.createEmptyCollection(nftType: self.getType())
        }

        access(all) view fun getViews(): [Type] {
            let views: [Type] = [
                Type<MetadataViews.Display>(),
                Type<MetadataViews.Serial>(),
                Type<MetadataViews.Royalties>(),
                Type<MetadataViews.ExternalURL>(),
                Type<MetadataViews.NFTCollectionData>(),
                Type<MetadataViews.NFTCollectionDisplay>(),
                Type<MetadataViews.Traits>()
            ]
            return self.edition == nil
                ? views
                : views.concat([Type<MetadataViews.Editions>()])
        }

        access(all) fun resolveView(_ view: Type): AnyStruct? {
            switch view {
                case Type<MetadataViews.Display>():
                    return MetadataViews.Display(
                        name: self.name,
                        description: self.description,
                        thumbnail: DropNFT.fileOf(self.thumbnail)
                    )
                case Type<MetadataViews.Serial>():
                    return MetadataViews.Serial(self.serial)
                case Type<MetadataViews.Editions>():
                    if let edition = self.edition {
                        return MetadataViews.Editions([edition])
                    }
                    return nil
                case Type<MetadataViews.Royalties>():
                    return DropNFT.royaltiesOf(&self.royalties as &{Address: UFix64})
                case Type<MetadataViews.ExternalURL>():
                    return MetadataViews.ExternalURL(
                        self.externalURL ?? DropNFT.collectionURL()
                    )
                case Type<MetadataViews.Traits>():
                    return MetadataViews.dictToTraits(
                        dict: self.traits,
                        excludedNames: nil
                    )
                case Type<MetadataViews.NFTCollectionData>():
                    return DropNFT.resolveContractView(resourceType: self.getType(), viewType: view)
                case Type<MetadataViews.NFTCollectionDisplay>():
                    return DropNFT.resolveContractView(resourceType: self.getType(), viewType: view)
            }
            return nil
        }
    }

    /// The DropNFTs of one account, and nothing else.
    access(all) resource Collection: NonFungibleToken.Collection {
        access(all) var ownedNFTs: @{UInt64: {NonFungibleToken.NFT}}

        init() {
            self.ownedNFTs <- {}
        }

        access(all) view fun getSupportedNFTTypes(): {Type: Bool} {
            return {Type<@DropNFT.NFT>(): true}
        }

        access(all) view fun isSupportedNFTType(type: Type): Bool {
            return type == Type<@DropNFT.NFT>()
        }

        access(all) view fun getIDs(): [UInt64] {
            return self.ownedNFTs.keys
        }

        access(all) view fun borrowNFT(_ id: UInt64): &{NonFungibleToken.NFT}? {
            return &self.ownedNFTs[id]
        }

        access(all) view fun borrowViewResolver(id: UInt64): &{ViewResolver.Resolver}? {
            return &self.ownedNFTs[id] as &{NonFungibleToken.NFT}?
        }

        access(NonFungibleToken.Withdraw) fun withdraw(
            withdrawID: UInt64
        ): @{NonFungibleToken.NFT} {
            return <- (self.ownedNFTs.remove(key: withdrawID)
                ?? panic("DropNFT.NotOwned: the collection does not hold NFT \(withdrawID)"))
        }

        /// The force move aborts if the id is taken, which a uuid never is; nothing is overwritten.
        access(all) fun deposit(token: @{NonFungibleToken.NFT}) {
            if token.getType() != Type<@DropNFT.NFT>() {
                panic("DropNFT.WrongType: the collection does not accept \(token.getType().identifier)")
            }
            let id = token.id
            self.ownedNFTs[id] <-! token
        }

        access(all) fun createEmptyCollection(): @{NonFungibleToken.Collection} {
            return <- DropNFT.createEmptyCollection(nftType: Type<@DropNFT.NFT>())
        }
    }

    /// The right to mint. There is one, made at deployment and kept in the storage of the deployer;
    /// nothing creates another.
    access(all) resource Minter {

        /// Mints one NFT for one request and deposits it.
        ///
        /// @param requestId: 1 to 128 ASCII characters, never minted before
        /// @param recipient: its code runs here and at the cost of the payer, so borrow a concrete
        ///        `&DropNFT.Collection`, as mint.cdc does, unless the recipient is trusted
        /// @param name: 1 to 256 bytes
        /// @param description: 0 to 4,096 bytes
        /// @param thumbnail: 1 to 2,048 bytes; an `ipfs://` URI is shown as an IPFS file, everything
        ///        else as HTTP
        /// @param externalURL: 1 to 2,048 bytes, or nil for the page of the collection
        /// @param editionName: 1 to 256 bytes, or nil
        /// @param editionNumber: from 1; nil, like name and maximum, when there is no edition
        /// @param editionMax: at least the number, or nil while the edition is open
        /// @param traits: up to 64; names of 1 to 64 bytes, values of 0 to 512 bytes
        /// @param royalties: receiver → share of the price of a sale; up to 10, together at most 1.0
        /// @return the id of the NFT
        access(Mint) fun mint(
            requestId: String,
            recipient: &{NonFungibleToken.Receiver},
            name: String,
            description: String,
            thumbnail: String,
            externalURL: String?,
            editionName: String?,
            editionNumber: UInt64?,
            editionMax: UInt64?,
            traits: {String: String},
            royalties: {Address: UFix64}
        ): UInt64 {
            DropNFT.assertRequestId(requestId)
            if let id = DropNFT.mintedRequests[requestId] {
                panic("DropNFT.DuplicateRequest: request id \(requestId) was minted as NFT \(id)")
            }
            DropNFT.assertByteLength("name", name, 1, 256)
            DropNFT.assertByteLength("description", description, 0, 4096)
            DropNFT.assertByteLength("thumbnail", thumbnail, 1, 2048)
            if externalURL != nil {
                DropNFT.assertByteLength("externalURL", externalURL!, 1, 2048)
            }
            if traits.length > 0 {
                DropNFT.assertTraits(&traits as &{String: String})
            }
            if royalties.length > 0 {
                DropNFT.assertRoyalties(&royalties as &{Address: UFix64})
            }

            let serial = DropNFT.totalMinted + 1
            let token <- create NFT(
                serial: serial,
                name: name,
                description: description,
                thumbnail: thumbnail,
                externalURL: externalURL,
                edition: DropNFT.editionOf(editionName, editionNumber, editionMax),
                traits: traits,
                royalties: royalties
            )
            let id = token.id

            // The books are closed before foreign code runs: a receiver that calls back in finds
            // the request taken.
            DropNFT.totalMinted = serial
            DropNFT.mintedRequests[requestId] = id
            emit Minted(
                requestId: requestId,
                id: id,
                recipient: recipient.owner?.address,
                serial: serial,
                edition: editionNumber
            )
            recipient.deposit(token: <- token)
            return id
        }

        /// Mints one NFT per request, in order. All or none: one refused item aborts the
        /// transaction, and no request id of the batch is taken.
        ///
        /// The parameters are those of `mint`, one element per request. They are plain values and
        /// not a struct for two reasons. Cadence copies a struct at every step, which made a mint
        /// cost over half as much again; and a struct that comes as a transaction argument has
        /// never run its initializer, so that checks written there would not hold.
        ///
        /// @return the ids of the NFTs, in the order of the requests
        access(Mint) fun mintBatch(
            requestIds: [String],
            recipients: [&{NonFungibleToken.Receiver}],
            names: [String],
            descriptions: [String],
            thumbnails: [String],
            externalURLs: [String?],
            editionNames: [String?],
            editionNumbers: [UInt64?],
            editionMaxes: [UInt64?],
            traits: [{String: String}],
            royalties: [{Address: UFix64}]
        ): [UInt64] {
            let length = requestIds.length
            if length == 0 {
                panic("DropNFT.InvalidBatch: the batch is empty")
            }
            if recipients.length != length
                || names.length != length
                || descriptions.length != length
                || thumbnails.length != length
                || externalURLs.length != length
                || editionNames.length != length
                || editionNumbers.length != length
                || editionMaxes.length != length
                || traits.length != length
                || royalties.length != length {
                panic("DropNFT.InvalidBatch: an array has not one element for each of the \(length) request ids")
            }
            let ids: [UInt64] = []
            for index, requestId in requestIds {
                ids.append(
                    self.mint(
                        requestId: requestId,
                        recipient: recipients[index],
                        name: names[index],
                        description: descriptions[index],
                        thumbnail: thumbnails[index],
                        externalURL: externalURLs[index],
                        editionName: editionNames[index],
                        editionNumber: editionNumbers[index],
                        editionMax: editionMaxes[index],
                        traits: traits[index],
                        royalties: royalties[index]
                    )
                )
            }
            return ids
        }
    }

    /// The id of the NFT minted for this request, or nil while there is none.
    access(all) view fun getMintedId(requestId: String): UInt64? {
        return self.mintedRequests[requestId]
    }

    access(all) fun createEmptyCollection(nftType: Type): @{NonFungibleToken.Collection} {
        if nftType != Type<@DropNFT.NFT>() {
            panic("DropNFT.WrongType: this contract has no collection for \(nftType.identifier)")
        }
        return <- create Collection()
    }

    access(all) view fun getContractViews(resourceType: Type?): [Type] {
        return [
            Type<MetadataViews.NFTCollectionData>(),
            Type<MetadataViews.NFTCollectionDisplay>()
        ]
    }

    access(all) fun resolveContractView(resourceType: Type?, viewType: Type): AnyStruct? {
        switch viewType {
            case Type<MetadataViews.NFTCollectionData>():
                return MetadataViews.NFTCollectionData(
                    storagePath: self.CollectionStoragePath,
                    publicPath: self.CollectionPublicPath,
                    publicCollection: Type<&DropNFT.Collection>(),
                    publicLinkedType: Type<&DropNFT.Collection>(),
                    createEmptyCollectionFunction: (fun(): @{NonFungibleToken.Collection} {
                        return <- DropNFT.createEmptyCollection(nftType: Type<@DropNFT.NFT>())
                    })
                )
            case Type<MetadataViews.NFTCollectionDisplay>():
                return MetadataViews.NFTCollectionDisplay(
                    name: "Drop NFT",
                    description: "NFTs minted on request, each request at most once.",
                    externalURL: MetadataViews.ExternalURL(self.collectionURL()),
                    squareImage: MetadataViews.Media(
                        file: MetadataViews.HTTPFile(url: "https://example.org/drop/square.svg"),
                        mediaType: "image/svg+xml"
                    ),
                    bannerImage: MetadataViews.Media(
                        file: MetadataViews.HTTPFile(url: "https://example.org/drop/banner.svg"),
                        mediaType: "image/svg+xml"
                    ),
                    socials: {}
                )
        }
        return nil
    }

    access(self) view fun collectionURL(): String {
        return "https://example.org/drop"
    }

    access(contract) fun fileOf(_ uri: String): {MetadataViews.File} {
        let scheme = "ipfs://"
        if uri.length <= scheme.length || uri.slice(from: 0, upTo: scheme.length) != scheme {
            return MetadataViews.HTTPFile(url: uri)
        }
        let location = uri.slice(from: scheme.length, upTo: uri.length)
        let slash = location.index(of: "/")
        return slash < 0
            ? MetadataViews.IPFSFile(cid: location, path: nil)
            : MetadataViews.IPFSFile(
                cid: location.slice(from: 0, upTo: slash),
                path: location.slice(from: slash + 1, upTo: location.length)
            )
    }

    /// Only the address is stored; where it is paid is looked up with each view, so that a receiver
    /// may set up a generic receiver after the mint. Without one it is the FLOW vault that every
    /// account has.
    access(contract) fun royaltiesOf(_ shares: &{Address: UFix64}): MetadataViews.Royalties {
        let royalties: [MetadataViews.Royalty] = []
        for receiver in shares.keys {
            let capabilities = getAccount(receiver).capabilities
            let generic = capabilities.get<&{FungibleToken.Receiver}>(
                MetadataViews.getRoyaltyReceiverPublicPath()
            )
            royalties.append(
                MetadataViews.Royalty(
                    receiver: generic.check()
                        ? generic
                        : capabilities.get<&{FungibleToken.Receiver}>(/public/flowTokenReceiver),
                    cut: shares[receiver]!,
                    description: "Creator royalty"
                )
            )
        }
        return MetadataViews.Royalties(royalties)
    }

    /// ASCII only: Cadence compares strings by Unicode canonical equivalence, so that two request
    /// ids which a database holds apart could be one here. `length` counts characters as people see
    /// them and `utf8.length` bytes; only in ASCII are they the same.
    access(contract) view fun assertRequestId(_ requestId: String) {
        let length = requestId.utf8.length
        if length == 0 || length > 128 || length != requestId.length {
            panic("DropNFT.InvalidRequestId: a request id has 1 to 128 ASCII characters, this one has \(length) bytes")
        }
    }

    access(contract) view fun editionOf(
        _ name: String?,
        _ number: UInt64?,
        _ max: UInt64?
    ): MetadataViews.Edition? {
        if number == nil {
            if name != nil || max != nil {
                panic("DropNFT.InvalidEdition: an edition has a number")
            }
            return nil
        }
        if name != nil {
            self.assertByteLength("editionName", name!, 1, 256)
        }
        if number! == 0 || max != nil && number! > max! {
            panic("DropNFT.InvalidEdition: number \(number!) is not from 1 to \(max ?? UInt64.max)")
        }
        return MetadataViews.Edition(name: name, number: number!, max: max)
    }

    access(contract) view fun assertTraits(_ traits: &{String: String}) {
        if traits.length > 64 {
            panic("DropNFT.InvalidMetadata: an NFT has at most 64 traits, not \(traits.length)")
        }
        for name in traits.keys {
            self.assertByteLength("trait name", name, 1, 64)
            self.assertByteLength("trait value", traits[name]!, 0, 512)
        }
    }

    access(contract) view fun assertRoyalties(_ royalties: &{Address: UFix64}) {
        if royalties.length > 10 {
            panic("DropNFT.InvalidRoyalty: an NFT has at most 10 royalties, not \(royalties.length)")
        }
        var total = 0.0
        for cut in royalties.values {
            if cut > 1.0 {
                panic("DropNFT.InvalidRoyalty: a cut is 0.0 to 1.0, not \(cut)")
            }
            total = total + cut
        }
        if total > 1.0 {
            panic("DropNFT.InvalidRoyalty: the cuts add up to \(total), more than 1.0")
        }
    }

    access(contract) view fun assertByteLength(
        _ field: String,
        _ value: String,
        _ min: Int,
        _ max: Int
    ) {
        let length = value.utf8.length
        if length < min || length > max {
            panic("DropNFT.InvalidMetadata: \(field) has \(length) bytes, not \(min) to \(max)")
        }
    }

    init() {
        let address = self.account.address
        self.CollectionStoragePath = StoragePath(identifier: "DropNFTCollection_\(address)")!
        self.CollectionPublicPath = PublicPath(identifier: "DropNFTCollection_\(address)")!
        self.MinterStoragePath = StoragePath(identifier: "DropNFTMinter_\(address)")!
        self.totalMinted = 0
        self.mintedRequests = {}

        // Aborts when a minter is there already: a contract that was removed cannot come back with
        // an empty registry while its minter is still about.
        self.account.storage.save(<- create Minter(), to: self.MinterStoragePath)
    }
}
