/**
 * Creates wallets in a folder, and ends itself by SIGKILL at a step. The one argument, JSON: `{ url, folder,
 * count, batchSize, kill: [step, which] }`. Steps: `sealed`, `signing`, `kept`, `sending`, `sent`, `looking`, `added` and
 * `settled`; `which` counts from 1. @module
 */
import { register } from 'node:module'

const { url, folder, count, batchSize, kill } = JSON.parse(process.argv[2])
const [killAt, which] = kill
let reached = 0
const step = (name) => {
  if (name === killAt && ++reached === which) process.kill(process.pid, 'SIGKILL')
}

const { fetch } = globalThis
globalThis.fetch = async (input, init) => {
  const isPost = init?.method === 'POST' && String(input).endsWith('/transactions')
  if (isPost) step('sending')
  if (String(input).includes('/transaction_results/')) step('looking')
  const reply = await fetch(input, init)
  if (isPost) step('sent')
  return reply
}

register('./load-typescript.mjs', import.meta.url)
const { createFreeKms, keyArn } = await import('../../bench/free-kms.mjs')
const { createFileKeyStore, createSealedKeys } = await import(
  '../../src/signers/sealed-key/index.ts'
)
const { createFileWalletBook, createWallets, emulatorPayer } = await import(
  '../../src/provisioning/index.ts'
)
const store = await createFileKeyStore({ folder: `${folder}/keys` })
const opened = createSealedKeys({ kms: createFreeKms().client, keyId: keyArn, store })
const keys = {
  ...opened,
  async create(...args) {
    const made = await opened.create(...args)
    step('sealed')
    return made
  },
}
const files = await createFileWalletBook({ folder: `${folder}/book` })
const book = {
  ...files,
  async add(wallet) {
    const isNew = await files.add(wallet)
    step('added')
    return isNew
  },
  async replaceRun(run, expected) {
    if (run.batch !== undefined) step('signing')
    const isDone = await files.replaceRun(run, expected)
    step(run.batch === undefined ? 'settled' : 'kept')
    return isDone
  },
}
const payer = await emulatorPayer({ accessNode: url })
const options = { keys, book, payer, accessNode: url, count, prefix: 'user-', batchSize }
const { created } = await createWallets(options)
process.stdout.write(`made ${created}`)
