/**
 * Mints without a pause, by a relay and by plain `fcl.mutate` with a pool, on a store that other
 * processes share. The variable LOAD_PROCESS holds the options as JSON (see rotation-load.ts); the
 * command `stop` comes on stdin, and answers go to stdout, one JSON each line. @module
 */
import { createInterface } from 'node:readline'
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms'
import { createProposalKeyPool } from 'fcl-kms/proposal-keys'
import { createRelay } from 'fcl-kms/relay'
import { createSqlStore } from 'fcl-kms/stores'
import pg from 'pg'
import { openVaults } from './rotation-vaults.mjs'

const options = JSON.parse(process.env.LOAD_PROCESS ?? '{}')
const { accessNode, address, held, places, databaseUrl, name, mint, lanes } = options
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

fcl.config({ 'accessNode.api': accessNode })
console.warn = () => undefined // FCL says that it sends again while the emulator executes a block
const vaults = await openVaults(places)
const database = new pg.Pool({ connectionString: databaseUrl, max: 6 })
database.on('error', () => undefined)
const store = await createSqlStore(database)
const authorizer = KmsAuthorizer.fromSigners(held.map(vaults.signer), { accessNode })
const relay = await createRelay({
  accessNodes: [accessNode],
  authorizer,
  address,
  store,
  sendsPerSecond: 500,
  pollMs: 50,
  leaseMs: 5_000,
  onEvent(event) {
    if (/hold|failed|trouble|rotated/.test(event.kind)) say({ say: 'event', kind: event.kind })
  },
})
const pool = await createProposalKeyPool({
  authorizer,
  address,
  store,
  pollMs: 50,
  leaseMs: 5_000,
})
const authz = authorizer.authorize(address, { proposalKeys: pool })

let isOver = false
const argsOf = (id) => [{ type: 'String', value: id }, ...mint.args]
const lane = async (index, run) => {
  for (let count = 0; !isOver; count++) {
    const id = `${name}-${index}-${count}`
    await run(id).catch(({ code, message }) => say({ say: 'failed', id, code, message }))
  }
}
const byRelay = async (id) => {
  const job = await relay.submit({ id, cadence: mint.cadence, args: argsOf(id), limit: mint.limit })
  say({ say: 'accepted', id })
  await job.executed()
  say({ say: 'minted', id })
}
const byFcl = async (id) => {
  const args = () => argsOf(id).map((value) => ({ value, xform: { asArgument: () => value } }))
  const transactionId = await fcl.mutate({ cadence: mint.cadence, args, authz, limit: mint.limit })
  say({ say: 'minted', id, transactionId })
}
const running = [
  ...Array.from({ length: lanes.relay }, (_, index) => lane(`relay-${index}`, byRelay)),
  ...Array.from({ length: lanes.fcl }, (_, index) => lane(`fcl-${index}`, byFcl)),
]

async function stop() {
  isOver = true
  await Promise.all(running)
  await pool.close()
  await relay.close()
  await database.end()
  await vaults.close()
  say({ say: 'closed' })
  process.exit(0)
}
const lines = createInterface({ input: process.stdin })
lines.on('line', stop)
lines.on('close', () => process.exit(3)) // nobody is left who could end this process
say({ say: 'ready' })
