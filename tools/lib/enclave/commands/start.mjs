/** `npm run enclave -- start`: an enclave in the foreground, in a real guest, with its KMS; on loopback. @module */
import { parseArgs } from 'node:util'
import { setUp } from '../../set-up.mjs'
import { startLocal } from '../local-enclave.mjs'

/** @param {string[]} args @returns {Promise<number>} */
export async function run(args) {
  const { values } = parseArgs({ args, options: { port: { type: 'string', default: '8770' } } })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is none: give a number up to 65535.`)
  const env = await setUp(['npm', 'aws', 'enclave'])
  if (env.FCL_KMS_ENCLAVE === undefined) return 1
  // The AWS client would say at each start which versions of Node.js it will leave behind.
  Object.assign(process.env, env, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' })
  console.log('Starting the enclave: its processor is emulated, so that takes a while.')
  const { url, keys, pcrs, rootFile, isShipped } = await startLocal(env.FCL_KMS_ENCLAVE, { port })
  const [key] = keys
  console.log(`Enclave on 127.0.0.1, of this clone; what it keeps is gone when it ends.
  signing service   ${url}
  key               ${key.key}, ${key.signatureAlgorithm}, signs messages of users
  public key        ${key.publicKey}
  kernel            ${isShipped ? 'that of images' : "Debian's; npm run enclave -- kernel builds that of images"}
  PCR0, PCR1        ${pcrs[0]}
                    ${pcrs[1]}
  root certificate  ${rootFile}
  Try  node dist/cli/main.js enclave attest --url ${url} --key ${key.key} \\
         --pcr0 ${pcrs[0]} \\
         --root ${rootFile}`)
  return new Promise(() => undefined) // until a signal
}
