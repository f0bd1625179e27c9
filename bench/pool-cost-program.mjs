/**
 * What a transaction costs this process with pools of several sizes, in turn. Takes the private key
 * and, for each size, access node and address; speaks with bench/pool-cost.mjs. Run with
 * `--expose-gc`. @module
 */
import { once } from 'node:events'
import { postUntilTaken } from './bare-sender.mjs'
import { importFromRoot } from './own-package.mjs'
import { emptyTransaction, restBody } from './rest-transaction.mjs'
import { median } from './statistics.mjs'

const { KmsAuthorizer } = await importFromRoot('fcl-kms')
const { createProposalKeyPool } = await importFromRoot('fcl-kms/proposal-keys')
const { transactionId } = await importFromRoot('fcl-kms/crypto')
const { createSoftwareSigner } = await importFromRoot('fcl-kms/testing')

const { accounts, inFlight, perRound, rounds: count, warmUp } = JSON.parse(process.argv[2] ?? '{}')
const { signal } = new AbortController()
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
const heapBytes = () => {
  global.gc()
  return process.memoryUsage().heapUsed
}

const contestants = []
for (const { url, nodeUrl, address, privateKey, copies } of accounts) {
  const key = new Uint8Array(Buffer.from(privateKey, 'hex'))
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey: key })
  const before = heapBytes()
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: url })
  // Far apart, so that how many requests a transaction needs is not a matter of the moment.
  const options = { accessNode: url, address, authorizer, pollMs: 100 }
  const pool = await createProposalKeyPool(options)
  const heap = heapBytes() - before
  contestants.push({ nodeUrl, address, authorizer, pool, copies, heap, cpuMs: [], sent: 0 })
}

await run(Math.ceil(warmUp / perRound))
for (const one of contestants) Object.assign(one, { cpuMs: [], sent: 0 })
process.send({ warm: true })
await once(process, 'message')
await run(count)
process.send({
  sizes: contestants.map(({ copies, heap, cpuMs: rounds, sent }) => ({
    copies,
    heapBytes: heap,
    cpuMs: median(rounds) / perRound,
    sent,
  })),
})
for (const { pool } of contestants) await pool.close()

/** Each size in each round, beginning with another one each time. */
async function run(times) {
  for (let round = 0; round < times; round++)
    for (let turn = 0; turn < contestants.length; turn++)
      await sendRound(contestants[(round + turn) % contestants.length])
}

async function sendRound(one) {
  const before = cpuMs()
  for (let sent = 0; sent < perRound; sent += inFlight) {
    // What the bench itself asks goes past the proxy that counts.
    const reply = await fetch(`${one.nodeUrl}/v1/blocks?height=final`)
    const [{ header }] = await reply.json()
    await Promise.all(Array.from({ length: inFlight }, () => sendOne(one, header.id)))
    while (one.pool.stats().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  one.cpuMs.push(cpuMs() - before)
  one.sent += perRound
}

async function sendOne({ nodeUrl, address, authorizer, pool }, blockId) {
  const lease = await pool.lease()
  const { keyIndex, sequenceNumber } = lease
  const referenceBlockId = new Uint8Array(Buffer.from(blockId, 'hex'))
  const unsigned = emptyTransaction({ address, keyIndex, sequenceNumber, referenceBlockId })
  const signed = await authorizer.signTransaction(address, unsigned)
  await lease.commit({ transactionId: transactionId(signed), referenceBlockId: blockId })
  await postUntilTaken(nodeUrl, restBody(signed), signal)
}
