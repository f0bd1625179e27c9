/**
 * One relay in a process of its own, made to be killed. The variable RELAY_PROCESS holds the options
 * as JSON (see relay-process.ts); commands come on stdin and answers go to stdout, one JSON each
 * line. What stdout says has happened: it is a pipe, so each line is written at once. @module
 */
import { createInterface } from 'node:readline'
import { KmsAuthorizer } from 'fcl-kms'
import { createRelay } from 'fcl-kms/relay'
import { createSqlStore } from 'fcl-kms/stores'
import { createSoftwareSigner } from 'fcl-kms/testing'
import { crashPoints } from './crash-points.mjs'

const {
  accessNode,
  address,
  privateKey,
  store: place,
  cadence,
  relay: options,
  trap,
} = JSON.parse(process.env.RELAY_PROCESS ?? '{}')
const plain = (_, value) => (typeof value === 'bigint' ? String(value) : value)
const say = (line) => process.stdout.write(`${JSON.stringify(line, plain)}\n`)

const points = crashPoints(trap, () => say({ say: 'trapped', point: trap.point }))
globalThis.fetch = points.fetch(globalThis.fetch)

async function openDatabase() {
  if (place.folder !== undefined) {
    const { PGlite } = await import('@electric-sql/pglite')
    const database = await PGlite.create(place.folder)
    return { database, end: () => database.close() }
  }
  const { default: pg } = await import('pg')
  const database = new pg.Pool({ connectionString: place.databaseUrl, max: 6 })
  database.on('error', () => undefined)
  return { database, end: () => database.end() }
}

const { database, end } = await openDatabase()
const signer = createSoftwareSigner({
  algorithm: 'ECDSA_P256',
  privateKey: Buffer.from(privateKey, 'hex'),
})
const relay = await createRelay({
  accessNodes: [accessNode],
  authorizer: KmsAuthorizer.fromSigners(points.signer(signer), { accessNode }),
  address,
  store: points.store(await createSqlStore(database)),
  batches: { tally: { cadence: cadence.batch } },
  onEvent: (event) => say({ say: 'event', event }),
  ...options,
})

const requestOf = (id, batch) => {
  const args = [{ type: 'String', value: id }]
  return batch ? { id, args, batch: 'tally' } : { id, args, cadence: cadence.single, limit: 500 }
}

const commands = {
  submit: ({ ids, batch }) =>
    Promise.all(
      ids.map((id) =>
        relay.submit(requestOf(id, batch)).then(
          () => say({ say: 'accepted', id }),
          ({ code }) => say({ say: 'refused', id, code }),
        ),
      ),
    ),
  pause: () => relay.pause(),
  resume: () => relay.resume(),
  stats: async () => say({ say: 'stats', stats: await relay.stats() }),
  close,
}

async function close() {
  const started = performance.now()
  await relay.close()
  await end()
  say({ say: 'closed', ms: Math.round(performance.now() - started) })
  process.exit(0)
}
process.on('SIGTERM', close)

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const command = JSON.parse(line)
  commands[command.do](command).catch(({ code, message }) =>
    say({ say: 'refused', id: command.do, code: code ?? message }),
  )
})
lines.on('close', () => process.exit(3)) // nobody is left who could end this process
say({ say: 'ready' })
