/// Has the interface that FCL's `AppUtils` calls on testnet and mainnet, for use on the emulator,
/// which comes without that contract. Written for these tests.
access(all) contract FCLCrypto {
    access(all) fun verifyUserSignatures(
        address: Address, message: String, keyIndices: [Int], signatures: [String]
    ): Bool {
        return self.verify(address, message, keyIndices, signatures, "FLOW-V0.0-user")
    }

    access(all) fun verifyAccountProofSignatures(
        address: Address, message: String, keyIndices: [Int], signatures: [String]
    ): Bool {
        return self.verify(address, message, keyIndices, signatures, "FCL-ACCOUNT-PROOF-V0.0")
    }

    access(self) fun verify(
        _ address: Address, _ message: String, _ keyIndices: [Int], _ signatures: [String], _ tag: String
    ): Bool {
        assert(keyIndices.length == signatures.length, message: "one signature for each key")
        let signedData = message.decodeHex()
        let seen: {Int: Bool} = {}
        var weight = 0.0
        for position, keyIndex in keyIndices {
            let key = getAccount(address).keys.get(keyIndex: keyIndex) ?? panic("no such key")
            let valid = key.publicKey.verify(
                signature: signatures[position].decodeHex(),
                signedData: signedData,
                domainSeparationTag: tag,
                hashAlgorithm: key.hashAlgorithm
            )
            if key.isRevoked || seen[keyIndex] != nil || !valid {
                return false
            }
            seen[keyIndex] = true
            weight = weight + key.weight
        }
        return weight >= 1000.0
    }
}
