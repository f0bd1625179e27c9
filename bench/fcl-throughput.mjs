/** Hundreds of concurrent `fcl.mutate` calls from one account, beside the bare network and FCL alone. @module */
import { setTimeout as sleep } from 'node:timers/promises'
import * as fcl from '@onflow/fcl'
import { sendBare, signBeforehand } from './bare-sender.mjs'
import { importFromRoot } from './own-package.mjs'
import { noop } from './rest-transaction.mjs'
import { watchSeals } from './seal-watch.mjs'

const { createProposalKeyPool } = await importFromRoot('fcl-kms/proposal-keys')
const { bytesToHex, hexToBytes } = await importFromRoot('fcl-kms/crypto')

/** Transactions that warm up what both ways use. */
const WARM_UP = 60

/**
 * @param servers `url`: of the access node, `kmsProxy`: what counts.
 * @param account From `createKmsAccount`, with as many copies as transactions.
 * @param {{ count: number, rounds: number, signal: AbortSignal }} options
 * @returns By round: milliseconds to the last seal, how many were sealed, Sign calls; ours and bare
 */
export async function measureMutate({ url, kmsProxy }, account, { count, rounds, signal }) {
  const ours = []
  const bare = []
  const turns = [
    () =>
      withPool(url, account, async (authz) => {
        kmsProxy.take()
        const sent = await mutateAll(url, authz, count, signal)
        const signCalls = kmsProxy.take().filter(({ target }) => target === 'Sign').length
        ours.push({ ...sent, signCalls })
      }),
    async () => {
      const chains = await signBeforehand(url, account, count)
      bare.push(await sendBare(url, chains, signal))
    },
  ]
  await withPool(url, account, (authz) => mutateAll(url, authz, WARM_UP, signal))
  for (let round = 0; round < rounds; round++)
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
  return { count, ours, bare }
}

/**
 * Time until `fcl.mutate` has given back all ids, with software keys on both sides: with the pool,
 * and with a hand-written authorization function that leaves fetching the sequence number to FCL.
 *
 * @param url Of a chain with a block only now and then: each way begins right after one.
 */
export async function measureSubmit(url, account, { count, signal }) {
  const { address, signer } = account
  const submit = async (authz, transactions) => {
    await nextBlock(url, signal)
    return mutateAll(url, authz, transactions, signal)
  }
  const withOurs = (transactions) => withPool(url, account, (authz) => submit(authz, transactions))
  await withOurs(WARM_UP)
  const bare = await submit(fetchingAuthorization(address, signer, count), count)
  const ours = await withOurs(count)
  return { count, ours, bare }
}

/** A pool of its own each time, which finds what others did with the keys, and waits for its last. */
async function withPool(url, { address, authorizer }, use) {
  const pool = await createProposalKeyPool({ authorizer, address, accessNode: url })
  try {
    const result = await use(authorizer.authorize(address, { proposalKeys: pool }))
    while (pool.stats().inFlight > 0) await sleep(20)
    return result
  } finally {
    await pool.close()
  }
}

async function mutateAll(url, authz, count, signal) {
  const watch = await watchSeals(url, signal)
  try {
    const started = performance.now()
    const sent = await Promise.allSettled(
      Array.from({ length: count }, () => fcl.mutate({ cadence: noop, authz, limit: 100 })),
    )
    const submitMs = performance.now() - started
    const ids = sent.flatMap(({ status, value }) => (status === 'fulfilled' ? [value] : []))
    const seals = await Promise.all(ids.map((id) => watch.sealed(id)))
    const ms = Math.max(...seals.map(({ at }) => at)) - started
    return { executed: seals.filter(({ error }) => error === '').length, ms, submitMs }
  } finally {
    watch.stop()
  }
}

async function nextBlock(url, signal) {
  const height = async () => {
    const reply = await fetch(`${url}/v1/blocks?height=final`, { signal })
    return Number((await reply.json())[0].header.height)
  }
  for (const before = await height(); (await height()) === before; ) await sleep(20)
}

/** One proposal key for each transaction in turn, its sequence number left to FCL. */
function fetchingAuthorization(address, signer, copies) {
  const addr = address.replace(/^0x/, '')
  const keys = new WeakMap()
  let next = 0
  const entry = (account, keyId, role) => ({
    ...account,
    tempId: `${addr}-${keyId}`,
    addr,
    keyId,
    role: { proposer: false, payer: false, authorizer: false, ...role },
    signingFunction: async ({ message }) => {
      const request = { message: hexToBytes(message), hashAlgorithm: 'SHA3_256' }
      return { addr, keyId, signature: bytesToHex(await signer.sign(request)) }
    },
  })
  return async (account, { interaction }) => {
    if (!keys.has(interaction)) keys.set(interaction, 1 + (next++ % copies))
    const { proposer, payer, authorizer } = account.role
    const key = keys.get(interaction)
    const entries = []
    if (proposer) entries.push(entry(account, key, { proposer }))
    if (payer || authorizer) entries.push(entry(account, 0, { payer, authorizer }))
    if (payer) entries.push(entry(account, key, { payer }))
    return entries
  }
}
