/**
 * Many transactions through one relay in one process: its memory, and what is left after `close()`.
 * Takes `{ url, address, privateKey, folder, count, warmUp, step }`; the folder is for its database:
 * a store in memory would grow by what it is told to keep. Run with `--expose-gc`. @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { importFromRoot } from './own-package.mjs'
import { startRelay } from './relay-throughput.mjs'
import { noop } from './rest-transaction.mjs'

const { KmsAuthorizer } = await importFromRoot('fcl-kms')
const { createSqlStore } = await importFromRoot('fcl-kms/stores')
const { PGlite } = await importFromRoot('@electric-sql/pglite')
const { createSoftwareSigner } = await importFromRoot('fcl-kms/testing')

const settings = JSON.parse(process.argv[2] ?? '{}')
const { url, address, privateKey, folder, count, warmUp, step } = settings
const key = new Uint8Array(Buffer.from(privateKey, 'hex'))
const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey: key })
const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: url })

/** Resident memory when nothing that can be freed is left. */
const residentBytes = async () => {
  for (let round = 0; round < 5; round++) {
    global.gc()
    await sleep(50)
  }
  return process.memoryUsage.rss()
}
const listeners = () =>
  process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)

const database = await PGlite.create(folder)
const store = await createSqlStore(database)
// What stays open once it is used, whoever uses it: the socket to the node and this process's stderr.
await fetch(`${url}/v1/network/parameters`).then((reply) => reply.text())
process.stderr.write('')
await sleep(100)
const before = { resources: process.getActiveResourcesInfo(), listeners: listeners() }
const relay = await startRelay(url, { address, authorizer }, { store })
const readings = []
let executed = 0
for (let sent = 0; sent < count; sent += step) {
  const jobs = await Promise.all(
    Array.from({ length: step }, (_, index) =>
      relay.submit({ id: `job-${sent + index}`, cadence: noop, limit: 100 }),
    ),
  )
  const ends = await Promise.allSettled(jobs.map((job) => job.sealed()))
  executed += ends.filter(({ status }) => status === 'fulfilled').length
  if (sent + step >= warmUp) readings.push({ sent: sent + step, bytes: await residentBytes() })
}
await relay.close()
await sleep(100)
const after = { resources: process.getActiveResourcesInfo(), listeners: listeners() }
const left = [...after.resources]
for (const name of before.resources) if (left.includes(name)) left.splice(left.indexOf(name), 1)
await database.close()
process.send({ executed, readings, left, listeners: after.listeners - before.listeners })
