/// Moves one DropNFT from the signer to another account.
///
/// Signed by: the owner of the NFT.
/// Arguments:
/// - recipient: an account that has run setup-collection.cdc
/// - id: the id of the NFT
/// Fails with:
/// - DropNFT.NoCollection: the recipient or the signer has no collection
/// - DropNFT.NotOwned: the collection of the signer does not hold this NFT

import "DropNFT"
import "NonFungibleToken"

transaction(recipient: Address, id: UInt64) {
    let sender: auth(NonFungibleToken.Withdraw) &DropNFT.Collection

    prepare(signer: auth(BorrowValue) &Account) {
        self.sender = signer.storage.borrow<auth(NonFungibleToken.Withdraw) &DropNFT.Collection>(
            from: DropNFT.CollectionStoragePath
        ) ?? panic("DropNFT.NoCollection: account \(signer.address) has no DropNFT collection")
    }

    execute {
        let collection = getAccount(recipient).capabilities.borrow<&DropNFT.Collection>(
            DropNFT.CollectionPublicPath
        ) ?? panic("DropNFT.NoCollection: account \(recipient) has no DropNFT collection")

        collection.deposit(token: <- self.sender.withdraw(withdrawID: id))
    }
}
