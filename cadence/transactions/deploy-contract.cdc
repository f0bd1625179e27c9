/// Deploys a contract, whose initializer takes no arguments, to the account of the signer.
///
/// Signed by: the account that will hold the contract.
/// Arguments:
/// - name: the name of the contract, as the code declares it
/// - code: the source, its imports resolved to addresses
/// Fails with:
/// - Contract.AlreadyDeployed: the account has a contract of this name. It is not updated.

transaction(name: String, code: String) {
    prepare(signer: auth(AddContract) &Account) {
        if signer.contracts.get(name: name) != nil {
            panic("Contract.AlreadyDeployed: account \(signer.address) has a contract \(name)")
        }
        signer.contracts.add(name: name, code: code.utf8)
    }
}
