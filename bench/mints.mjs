/** NFTs a second: packed by the relay, and one in each transaction. @module */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fcl from '@onflow/fcl'
import { importFromRoot, root } from './own-package.mjs'
import { startRelay } from './relay-throughput.mjs'
import { waitForSeal } from './seal.mjs'

const { createMemoryStore } = await importFromRoot('fcl-kms/stores')

/** Deploys DropNFT to the account, and makes a collection there for all that is minted. */
export async function prepareDrop(url, { address, authorizer }) {
  const addresses = contractAddresses(address)
  const authz = authorizer.authorize(address)
  const contract = readCadence('contracts/DropNFT.cdc', addresses)
  const send = async (mutation) => {
    await waitForSeal(url, await fcl.mutate({ limit: 9_999, authz, ...mutation }))
  }
  await send({
    cadence: readCadence('transactions/deploy-contract.cdc', addresses),
    args: (arg, t) => [arg('DropNFT', t.String), arg(contract, t.String)],
  })
  await send({ cadence: readCadence('transactions/setup-collection.cdc', addresses) })
  return {
    mint: readCadence('transactions/mint.cdc', addresses),
    batch: readCadence('transactions/mint-batch.cdc', addresses),
  }
}

/**
 * @param {string} url
 * @param account With proposal keys and DropNFT.
 * @param drop From `prepareDrop`.
 * @param {{ singles: number, batched: number, rounds: number, signal: AbortSignal }} options NFTs
 *   in each round
 * @returns NFTs that were minted and milliseconds, of all rounds
 */
export async function measureMints(url, account, drop, { singles, batched, rounds, signal }) {
  const relay = await startRelay(url, account, {
    store: createMemoryStore(),
    batches: {
      mint: { cadence: drop.batch, computePerRequest: 45, computeBase: 100, maxRequests: 200 },
    },
  })
  const totals = { single: { minted: 0, ms: 0 }, batch: { minted: 0, ms: 0 } }
  const run = async (name, count, request) => {
    const started = performance.now()
    const ids = Array.from({ length: count }, (_, index) => `${name}-${started}-${index}`)
    const jobs = await Promise.all(
      ids.map((id) => relay.submit({ id, args: mintArguments(id, account.address), ...request })),
    )
    const ends = await Promise.allSettled(jobs.map((job) => job.sealed()))
    totals[name].ms += performance.now() - started
    totals[name].minted += ends.filter(({ status }) => status === 'fulfilled').length
  }
  try {
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted()
      await run('single', singles, { cadence: drop.mint, limit: 300 })
      await run('batch', batched, { batch: 'mint' })
    }
  } finally {
    await relay.close()
  }
  return { ...totals, asked: { single: singles * rounds, batch: batched * rounds } }
}

const text = (value) => ({ type: 'String', value })
const none = { type: 'Optional', value: null }

function mintArguments(requestId, recipient) {
  const recipientArgument = { type: 'Address', value: recipient }
  const name = text('Ticket')
  const thumbnail = text('https://example.org/1.png')
  const empty = { type: 'Dictionary', value: [] }
  const metadata = [name, text(''), thumbnail, none, none, none, none, empty, empty]
  return [text(requestId), recipientArgument, ...metadata]
}

function contractAddresses(address) {
  const { contracts } = JSON.parse(readFileSync(join(root, 'flow.json'), 'utf8'))
  const entries = Object.entries(contracts).map(([name, { aliases }]) => [name, aliases?.emulator])
  return { ...Object.fromEntries(entries), DropNFT: address }
}

const readCadence = (path, addresses) =>
  readFileSync(join(root, 'cadence', path), 'utf8').replace(
    /^import "(\w+)"$/gm,
    (_, name) => `import ${name} from 0x${addresses[name].replace(/^0x/, '')}`,
  )
