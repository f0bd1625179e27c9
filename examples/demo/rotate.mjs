/** A key of 500 + 500 is rotated while NFTs are minted, and the chain is asked what became of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms'
import {
  addProposalKeys,
  createAccount,
  createKey,
  createMemoryRotations,
  emulatorPayer,
  kmsRetirement,
  kmsVault,
  planRotation,
  rotateKey,
} from 'fcl-kms/provisioning'
import { createMemoryStore } from 'fcl-kms/stores'
import { readBlocks, sealedHeight } from './blocks.mjs'
import { createDrop } from './drop.mjs'
import { startMints } from './mint-load.mjs'

const COPIES = 6
/** Mints before the rotation and after it. */
const BEFORE = 10
const AFTER = 10
const SETTLED_MS = 30_000

export async function rotateUnderLoad({ flow, kms }, say) {
  fcl.config({ 'accessNode.api': flow.url, 'flow.network': 'local', 'logger.level': 1 })
  const accessNode = flow.url

  say('Creating an account of two KMS keys, 500 and 500, with an NFT contract and proposal keys')
  const [old, other, owner] = [
    await createKey({ client: kms, alias: 'alias/minter-a' }),
    await createKey({ client: kms, alias: 'alias/minter-b', spec: 'ECC_NIST_P256' }),
    await createKey({ client: kms, alias: 'alias/recipient' }),
  ]
  const payer = await emulatorPayer({ accessNode })
  const account = (keys, weight) =>
    createAccount({
      accessNode,
      payer,
      keys: keys.map(({ publicKey, signatureAlgorithm, keyId }) => ({
        publicKey,
        signatureAlgorithm,
        kmsKeyId: keyId,
        weight,
      })),
      client: kms,
    })
  const { address } = await account([old, other], 500)
  const { address: recipient } = await account([owner], 1000)
  const drop = createDrop({ minter: address, recipient })
  const authorizer = new KmsAuthorizer(kms, [old.keyArn, other.keyArn], { accessNode })
  await send({ ...drop.deploy, authz: authorizer.authorize(address) })
  const holder = new KmsAuthorizer(kms, owner.keyArn, { accessNode })
  await send({ ...drop.setUp, authz: holder.authorize(recipient) })
  await addProposalKeys({ accessNode, address, authorizer, count: COPIES })
  console.log(`  ${address}: minter-a 500, minter-b 500, ${COPIES} copies of minter-a at weight 0`)

  say('Planning: nothing is made, signed or stored')
  const plan = await planRotation({ accessNode, address, publicKey: old.publicKey })
  console.log(`  steps         ${plan.steps.join(', ')}`)
  for (const { purpose, adds, revokes } of plan.transactions)
    console.log(`  transaction   ${purpose.padEnd(6)} adds ${adds}, revokes ${revokes}`)
  for (const note of plan.notes) console.log(`  note          ${note}`)

  const store = createMemoryStore()
  const times = new Map()
  const rotation = {
    accessNode,
    chainId: 'flow-emulator',
    address,
    authorizer,
    publicKey: old.publicKey,
    vault: kmsVault({ client: kms, description: 'the successor of minter-a' }),
    retirement: kmsRetirement({
      client: kms,
      accessNode,
      keyId: old.keyArn,
      publicKey: old.publicKey,
      alias: 'alias/minter-a',
      unusedForDays: 0, // a rehearsal does not wait for a week
      pendingWindowInDays: 7,
    }),
    rotations: createMemoryRotations(),
    pools: [{ store }],
    onStep({ step, text }) {
      times.set(step, performance.now())
      console.log(`  ${step.padEnd(8)} ${text}`)
    },
  }
  say('Making the new key, and stopping there: every process has to hold both before the swap')
  const { newKey } = await rotateKey({ ...rotation, stopBefore: 'add' })

  say('Minting by a relay and by fcl.mutate with a pool, with the signers of all three keys')
  const from = await sealedHeight(flow)
  const held = [old.keyArn, other.keyArn, newKey.reference]
  const both = new KmsAuthorizer(kms, held, { accessNode })
  const mints = await startMints({ flow, address, authorizer: both, store, drop })
  try {
    await mints.grownBy(BEFORE)
    say('Rotating while they mint')
    const { state } = await rotateKey(rotation)
    if (state !== 'done') throw new Error(`the rotation is ${state}`)
    await mints.grownBy(AFTER)
  } finally {
    await mints.stop()
  }

  say('Asking the chain, block by block')
  const asked = new Set([...mints.asked.fcl, ...mints.asked.relay])
  const blocks = await untilSettled(flow, { from, account: address, contract: address }, asked)
  const names = new Map([
    [old.publicKey, 'old minter-a'],
    [other.publicKey, 'minter-b'],
    [newKey.publicKey, 'new minter-a'],
  ])
  printWeights(blocks, names)
  const counts = countOf(blocks, asked)
  const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`
  const table = [
    [
      'mints sent',
      `${asked.size}: ${mints.asked.relay.size} by the relay, ${mints.asked.fcl.size} by fcl.mutate`,
    ],
    ['sealed', counts.sealed],
    ['lost', counts.lost],
    ['doubled', counts.doubled],
    ['failed on chain', counts.failed.length],
    ['calls refused', mints.rejected.length],
    [
      'pool stood still',
      `${seconds(times.get('resume') - times.get('sign'))}, from drain to resume`,
    ],
    ['longest time without a mint', `${seconds(counts.gapMs)}, by the blocks`],
  ]
  console.log('')
  for (const [what, value] of table) console.log(`  ${what.padEnd(28)} ${value}`)
  for (const { id, reason } of mints.rejected) console.log(`  refused ${id}: ${reason}`)
  for (const message of counts.failed) console.log(`  failed: ${message.slice(0, 300)}`)
  const bad = counts.lost + counts.doubled + counts.failed.length + mints.rejected.length
  if (bad > 0 || counts.sealed !== asked.size) throw new Error('the rotation was noticed')
}

/** A transaction that is to succeed. */
async function send(transaction) {
  const id = await fcl.mutate({ ...transaction, limit: 9_999 })
  await fcl.tx(id).onceSealed()
}

/** FCL resolves when it has sent: what is in flight yet is waited for. */
async function untilSettled(flow, { from, ...who }, asked) {
  for (const deadline = Date.now() + SETTLED_MS; ; await sleep(250)) {
    const blocks = await readBlocks(flow, { from, to: await sealedHeight(flow), ...who })
    const minted = new Set(blocks.flatMap((block) => block.minted))
    if ([...asked].every((id) => minted.has(id)) || Date.now() > deadline) return blocks
  }
}

function countOf(blocks, asked) {
  const times = new Map()
  for (const id of blocks.flatMap(({ minted }) => minted)) times.set(id, (times.get(id) ?? 0) + 1)
  const withMints = blocks.filter(({ minted }) => minted.length > 0)
  return {
    sealed: times.size,
    lost: [...asked].filter((id) => !times.has(id)).length,
    doubled: [...times.values()].filter((count) => count > 1).length,
    failed: blocks.flatMap(({ failed }) => failed),
    gapMs: Math.max(0, ...withMints.slice(1).map(({ at }, before) => at - withMints[before].at)),
  }
}

/** One line for blocks that are alike; anything but 500 + 500 ends the demo. */
function printWeights(blocks, names) {
  const lines = []
  for (const { height, keys } of blocks) {
    const text = weightsOf(keys, names)
    const last = lines.at(-1)
    if (last?.text === text) last.to = height
    else lines.push({ from: height, to: height, text })
  }
  for (const { from, to, text } of lines)
    console.log(`  blocks ${`${from} to ${to}`.padEnd(12)} ${text}`)
}

function weightsOf(keys, names) {
  const standing = keys.filter(({ revoked }) => !revoked)
  const holders = standing.filter(({ weight }) => weight > 0)
  const total = holders.reduce((sum, { weight }) => sum + weight, 0)
  const who = holders.map(({ publicKey, weight }) => `${names.get(publicKey)} ${weight}`)
  const isPlanned = holders.length === 2 && holders.every(({ weight }) => weight === 500)
  if (!isPlanned) throw new Error(`not as planned: ${who.join(' + ')}`)
  const copies = [...names].flatMap(([publicKey, name]) => {
    const count = standing.filter((key) => key.publicKey === publicKey && key.weight === 0).length
    return count > 0 ? [`${count} of ${name}`] : []
  })
  return `${who.join(' + ')} = ${total}; weight 0: ${copies.join(', ') || 'none'}`
}
