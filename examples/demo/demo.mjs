/**
 * The main job on real parts: two KMS keys of weight 500 mint NFTs on a Flow emulator, first by plain
 * `fcl.mutate`, then behind an approval in the admin server. Run it with `npm run demo`;
 * `npm run demo -- --keep` leaves the servers running, with the dashboard; `npm run demo -- --rotate`
 * rotates a key while NFTs are minted, and counts what became of them.
 */
import { parseArgs } from 'node:util'
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms'
import { addProposalKeys, createAccount, createKey, emulatorPayer } from 'fcl-kms/provisioning'
import { mintBehindApproval } from './admin.mjs'
import { startAdminServer } from './admin-server.mjs'
import { createDrop } from './drop.mjs'
import { createLedger } from './ledger.mjs'
import { rotateUnderLoad } from './rotate.mjs'
import { startServers } from './servers.mjs'
import { mintBehindService } from './signing-service.mjs'

const { values: options } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    rotate: { type: 'boolean', default: false },
  },
})
const say = (text) => console.log(`\n▸ ${text}`)

say('Starting a Flow emulator and an AWS KMS endpoint on free loopback ports')
const servers = await startServers()
let interrupted
try {
  const job = options.rotate ? rotateUnderLoad(servers, say) : run(servers)
  interrupted = await Promise.race([job, servers.interrupted])
} finally {
  say('Stopping the servers')
  await servers.stop()
}
if (interrupted && !options.keep) process.exit(130)

/** The demo itself, between start and stop. */
async function run({ flow, aws, kms, interrupted }) {
  fcl.config({ 'accessNode.api': flow.url, 'flow.network': 'local', 'logger.level': 1 })
  const ledger = createLedger(flow, kms)

  say('Creating two KMS keys for the minter and one for the recipient')
  const minterKeys = [
    await createKey({ client: kms, alias: 'alias/minter-a', spec: 'ECC_SECG_P256K1' }),
    await createKey({ client: kms, alias: 'alias/minter-b', spec: 'ECC_NIST_P256' }),
  ]
  const recipientKeys = [await createKey({ client: kms, alias: 'alias/recipient' })]
  for (const { alias, keySpec, publicKey } of [...minterKeys, ...recipientKeys])
    console.log(
      `  ${alias.padEnd(16)} ${keySpec.padEnd(16)} Flow public key ${publicKey.slice(0, 24)}…`,
    )

  say('Creating a Flow account on which they weigh 500 and 500, and one for the recipient')
  const payer = await emulatorPayer({ accessNode: flow.url })
  const newAccount = (keys, weight) =>
    createAccount({
      accessNode: flow.url,
      payer,
      keys: keys.map((key) => ({ ...accountKey(key), weight })),
      client: kms, // notes in tags of the KMS keys which account they are on
    })
  const minter = await newAccount(minterKeys, 500)
  const recipient = await newAccount(recipientKeys, 1000)
  console.log(`  minter ${minter.address}, recipient ${recipient.address}`)

  // The only lines that a backend needs: one authorizer, and its function as `authz`.
  const onSign = ledger.noteSignature
  const authorizer = new KmsAuthorizer(kms, ['alias/minter-a', 'alias/minter-b'], { onSign })
  const minterAuthz = authorizer.authorize(minter.address)
  const recipientAuthz = new KmsAuthorizer(kms, 'alias/recipient', { onSign }).authorize(
    recipient.address,
  )

  const drop = createDrop({ minter: minter.address, recipient: recipient.address })
  const { contracts, transaction, mintArguments } = drop

  say('Deploying the NFT contract, setting up a collection, minting one NFT')
  await ledger.mutate('deploy DropNFT', { ...drop.deploy, authz: minterAuthz })
  await ledger.mutate('set up collection', { ...drop.setUp, authz: recipientAuthz })
  await ledger.mutate('mint order-1', {
    cadence: transaction('mint'),
    args: mintArguments('order-1'),
    authz: minterAuthz,
  })

  say('Trying what the chain must refuse')
  const mintSecond = { cadence: transaction('mint'), args: mintArguments('order-2') }
  await ledger.mutate('one key alone', {
    ...mintSecond,
    authz: authorizer.authorize(minter.address, 0),
    refusedWith: [1055, 1006],
  })
  await ledger.mutate('a flipped signature', {
    ...mintSecond,
    authz: flipped(minterAuthz),
    refusedWith: [1006],
  })

  say('Putting the second key behind a signing service that allows this mint and nothing else')
  await mintBehindService({
    kms,
    minter: minter.address,
    ledger,
    cadence: transaction('mint'),
    args: mintArguments('order-3'),
    another: transaction('setup-collection'),
  })

  ledger.print()

  say('Starting the admin server: the second key signs only what Alice or Olga approved')
  await addProposalKeys({
    accessNode: flow.url,
    address: minter.address,
    authorizer,
    count: 10,
  })
  const aliases = minterKeys.map(({ alias }) => alias)
  const account = { address: minter.address, aliases }
  const admin = await startAdminServer({ flow, aws, account, contracts })
  try {
    await mintBehindApproval(admin, recipient.address)
    return await finish(admin)
  } finally {
    await admin.stop()
  }

  async function finish({ url, tokens }) {
    const page = await fcl.query({
      cadence: drop.script('get-collection'),
      args: (arg, t) => [arg(recipient.address, t.Address), arg('0', t.Int), arg('10', t.Int)],
    })
    console.log(
      `\nThe collection of ${recipient.address} holds ${page.length} NFTs: ids ${page.ids.join(', ')}`,
    )
    if (Number(page.length) !== 4) throw new Error(`expected 4 NFTs, found ${page.length}`)
    if (!options.keep) return undefined
    say('The servers stay up until Ctrl-C')
    console.log(`  Dashboard       ${url}
    sign in as    olga   ${tokens.olga}  (approves, pauses, reads the audit trail)
                  alice  ${tokens.alice}  (asks and approves, but never her own)
                  shop   ${tokens.shop}  (asks)
  API             ${url}/openapi.json
  Flow REST       ${flow.url}
  Flow admin      ${flow.adminUrl}
  AWS endpoint    ${aws.endpoint} (Region ${aws.region}, credentials test and test)
  Try             AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test node dist/cli/main.js doctor \\
                    --endpoint ${aws.endpoint} --region ${aws.region} --access-node ${flow.url} \\
                    --address ${minter.address} --key alias/minter-a --key alias/minter-b`)
    return interrupted
  }
}

/** What `createAccount` wants to know of a key that `createKey` made. */
function accountKey({ publicKey, signatureAlgorithm, keyId }) {
  return { publicKey, signatureAlgorithm, kmsKeyId: keyId }
}

/** The same authorization, with the last bit of one signature flipped on its way out. */
function flipped(authz) {
  return async (account, preSignable) => {
    const [first, ...rest] = await authz(account, preSignable)
    const signingFunction = async (signable) => {
      const composite = await first.signingFunction(signable)
      const last = (Number.parseInt(composite.signature.slice(-1), 16) ^ 1).toString(16)
      return { ...composite, signature: composite.signature.slice(0, -1) + last }
    }
    return [{ ...first, signingFunction }, ...rest]
  }
}
