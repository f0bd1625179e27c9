/// Reads the ids of the DropNFTs of one account, page by page.
///
/// Arguments:
/// - address: the account
/// - offset: how many ids to skip, from 0
/// - limit: how many ids to return, 1 to 1,000
/// Returns: `length` (all the NFTs), `ids`, and `nextOffset` or nil on the last page; nil when the
/// account has no collection. Ids come in the order in which they are stored, which a deposit may
/// change: read all the pages at one block height.
/// Fails with:
/// - DropNFT.InvalidPage: offset or limit is out of range

import "DropNFT"

access(all) struct Page {
    access(all) let length: Int
    access(all) let ids: [UInt64]
    access(all) let nextOffset: Int?

    init(length: Int, ids: [UInt64], nextOffset: Int?) {
        self.length = length
        self.ids = ids
        self.nextOffset = nextOffset
    }
}

access(all) fun main(address: Address, offset: Int, limit: Int): Page? {
    if offset < 0 || limit < 1 || limit > 1000 {
        panic("DropNFT.InvalidPage: offset \(offset) must be at least 0 and limit \(limit) from 1 to 1000")
    }
    let collection = getAccount(address).capabilities.borrow<&DropNFT.Collection>(
        DropNFT.CollectionPublicPath
    )
    if collection == nil {
        return nil
    }

    let ids: [UInt64] = []
    var position = 0
    collection!.forEachID(fun (id: UInt64): Bool {
        if position >= offset {
            ids.append(id)
        }
        position = position + 1
        return ids.length < limit
    })
    let length = collection!.getLength()
    let end = offset + ids.length
    return Page(length: length, ids: ids, nextOffset: end < length ? end : nil)
}
