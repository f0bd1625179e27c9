/**
 * One rotation in a process of its own, made to be killed. The variable ROTATION_PROCESS holds the
 * options as JSON (see rotation-process.ts); answers go to stdout, one JSON each line. What stdout says
 * has happened: it is a pipe, so each line is written at once. @module
 */
import { KmsAuthorizer } from 'fcl-kms'
import {
  abortRotation,
  createFileRotations,
  createSqlRotations,
  resumeRotation,
  rotateKey,
} from 'fcl-kms/provisioning'
import { createSqlStore } from 'fcl-kms/stores'
import { rotationMoments } from './rotation-moments.mjs'
import { openVaults } from './rotation-vaults.mjs'

const options = JSON.parse(process.env.ROTATION_PROCESS ?? '{}')
const { accessNode, address, publicKey, held, next, places, store, trap, retire } = options
const { errand, wish, settings } = options
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

const moments = rotationMoments(trap, say)
globalThis.fetch = moments.fetch(globalThis.fetch)
const vaults = await openVaults(places)
moments.kms(vaults.client)
const opened = await openStores()
const signers = held.map(vaults.signer)
const errands = { rotate: rotateKey, resume: resumeRotation, abort: abortRotation }

try {
  const report = await errands[errand]({
    accessNode,
    address,
    authorizer: KmsAuthorizer.fromSigners(signers, { accessNode }),
    rotations: moments.rotations(opened.rotations),
    pools: opened.pools.map((one) => ({ store: moments.pool(one) })),
    ...(errand === 'rotate' ? { publicKey, ...wish } : {}),
    vault: vaults.vault(next),
    ...(errand === 'abort' || !retire ? {} : { retirement: vaults.retirement(retire) }),
    ...settings,
  })
  const { state, step, newKey, askAgainAt, history } = report
  say({ say: 'report', report: { state, step, newKey, askAgainAt, history } })
} catch (thrown) {
  const { code = 'none', message, context } = thrown
  say({ say: 'failed', code, message: code === 'none' ? thrown.stack : message, context })
}
await opened.end()
await vaults.close()

async function openStores() {
  if (store.folder !== undefined)
    return { rotations: await createFileRotations(store.folder), pools: [], end: () => undefined }
  const { default: pg } = await import('pg')
  const database = new pg.Pool({ connectionString: store.databaseUrl, max: 4 })
  database.on('error', () => undefined)
  return {
    rotations: await createSqlRotations(database),
    pools: [await createSqlStore(database)],
    end: () => database.end(),
  }
}
