/// Reads which NFTs the given requests became.
///
/// Arguments:
/// - requestIds: as they were given to mint.cdc or mint-batch.cdc
/// Returns: in the same order, the id of the NFT, or nil while the request is not minted. An NFT
/// that was transferred or burned since is still named: the request is fulfilled for good.

import "DropNFT"

access(all) fun main(requestIds: [String]): [UInt64?] {
    let ids: [UInt64?] = []
    for requestId in requestIds {
        ids.append(DropNFT.getMintedId(requestId: requestId))
    }
    return ids
}
