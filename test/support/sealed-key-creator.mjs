/**
 * Creates a wallet in a folder, and ends itself by SIGKILL before a step of it. The one argument, JSON:
 * `{ folder, id, before }`: steps are calls to KMS and to the file system, counted from 0 once the store
 * is open. Says `made`, when it comes that far, and the steps there were. @module
 */
import { createRequire, register, syncBuiltinESMExports } from 'node:module'

const { folder, id, before } = JSON.parse(process.argv[2])
let steps = 0
let isCounting = false
const step = () => {
  if (!isCounting) return
  if (steps === before) process.kill(process.pid, 'SIGKILL')
  steps += 1
}

// Before anything imports them by name.
const files = createRequire(import.meta.url)('node:fs/promises')
for (const name of ['link', 'mkdir', 'open', 'readdir', 'unlink']) {
  const original = files[name]
  files[name] = async (...args) => {
    step()
    const result = await original(...args)
    if (name === 'open') countSteps(result)
    return result
  }
}
syncBuiltinESMExports()

function countSteps(handle) {
  for (const name of ['sync', 'writeFile', 'close']) {
    const original = handle[name].bind(handle)
    handle[name] = (...args) => {
      step()
      return original(...args)
    }
  }
}

register('./load-typescript.mjs', import.meta.url)
const { createFreeKms, keyArn } = await import('../../bench/free-kms.mjs')
const { createFileKeyStore, createSealedKeys } = await import(
  '../../src/signers/sealed-key/index.ts'
)
const { client } = createFreeKms()
const send = client.send
client.send = async (command) => {
  step()
  return send(command)
}
const store = await createFileKeyStore({ folder })
const keys = createSealedKeys({ kms: client, keyId: keyArn, store })
isCounting = true
await keys.create(id, { algorithm: 'ECDSA_P256' })
isCounting = false
process.stdout.write(`made ${steps}`)
