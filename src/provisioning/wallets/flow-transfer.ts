/** The transaction that sends FLOW from one account to another. @module */

import type { TransactionPayload } from '../../crypto/transaction.ts'

/** Where the two contracts are on each chain. @see https://developers.flow.com/build/cadence/core-contracts */
const contracts: Readonly<Record<string, { fungibleToken: string; flowToken: string }>> = {
  'flow-mainnet': { fungibleToken: '0xf233dcee88fe0abe', flowToken: '0x1654653399040a61' },
  'flow-testnet': { fungibleToken: '0x9a0766d93b6608b7', flowToken: '0x7e60df042a9c0868' },
  'flow-emulator': { fungibleToken: '0xee82856bf20e2aa6', flowToken: '0x0ae53cb6e3f42a79' },
}

const cadenceOf = ({ fungibleToken, flowToken }: { fungibleToken: string; flowToken: string }) => `
import FungibleToken from ${fungibleToken}
import FlowToken from ${flowToken}

transaction(amount: UFix64, to: Address) {
    let sent: @{FungibleToken.Vault}

    prepare(signer: auth(BorrowValue) &Account) {
        let vault = signer.storage
            .borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("SendFlow.NoVault: the account has no vault of FLOW")
        self.sent <- vault.withdraw(amount: amount)
    }

    execute {
        let receiver = getAccount(to)
            .capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)
            ?? panic("SendFlow.NoReceiver: the other account takes no FLOW")
        receiver.deposit(from: <- self.sent)
    }
}
`

/** Twice and more of what the emulator measured. */
const COMPUTE_LIMIT = 200

export type FlowTransfer = {
  readonly chainId: string
  readonly to: string
  /** With exactly 8 decimals. */
  readonly amount: string
  readonly payer: string
  readonly referenceBlockId: Uint8Array
  /** Of the account that sends. */
  readonly proposalKey: TransactionPayload['proposalKey']
}

/** @returns `undefined` for a chain whose contracts are not known. */
export function flowTransfer(transfer: FlowTransfer): TransactionPayload | undefined {
  const { chainId, to, amount, payer, referenceBlockId, proposalKey } = transfer
  const addresses = Object.hasOwn(contracts, chainId) ? contracts[chainId] : undefined
  if (addresses === undefined) return undefined
  return {
    cadence: cadenceOf(addresses),
    arguments: [
      JSON.stringify({ type: 'UFix64', value: amount }),
      JSON.stringify({ type: 'Address', value: to }),
    ],
    referenceBlockId,
    computeLimit: COMPUTE_LIMIT,
    proposalKey,
    payer,
    authorizers: [proposalKey.address],
  }
}
