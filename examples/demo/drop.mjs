/** The NFT contract of this repository on the minter's account, and the arguments of its mint. */
import { standardContracts, withAddresses } from './cadence.mjs'

/**
 * @param minter - Address of the account that deploys and mints.
 * @param recipient - Address of the account that gets the NFTs.
 */
export function createDrop({ minter, recipient }) {
  const contracts = { ...standardContracts, DropNFT: minter }
  const transaction = (name) => withAddresses(`transactions/${name}.cdc`, contracts)
  const script = (name) => withAddresses(`scripts/${name}.cdc`, contracts)
  const code = withAddresses('contracts/DropNFT.cdc', contracts)
  return {
    contracts,
    transaction,
    script,
    /** By the minter. */
    deploy: {
      cadence: transaction('deploy-contract'),
      args: (arg, t) => [arg('DropNFT', t.String), arg(code, t.String)],
    },
    /** By the recipient. */
    setUp: { cadence: transaction('setup-collection') },
    /** By the minter; an id is minted once. */
    mintArguments: (requestId) => (arg, t) => [
      arg(requestId, t.String),
      arg(recipient, t.Address),
      arg(`Drop ${requestId}`, t.String),
      arg('Minted by two KMS keys of weight 500', t.String),
      arg('https://example.com/drop.png', t.String),
      arg(null, t.Optional(t.String)),
      arg(null, t.Optional(t.String)),
      arg(null, t.Optional(t.UInt64)),
      arg(null, t.Optional(t.UInt64)),
      arg([{ key: 'rarity', value: 'common' }], t.Dictionary({ key: t.String, value: t.String })),
      arg([], t.Dictionary({ key: t.Address, value: t.UFix64 })),
    ],
  }
}
