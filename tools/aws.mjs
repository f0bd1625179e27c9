/** `npm run aws -- --port <n>`: the AWS endpoint in the foreground, on loopback. @module */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureAws } from './lib/aws.mjs'
import { splitCommand } from './lib/paths.mjs'
import { become } from './lib/run.mjs'
import { main } from './lib/set-up.mjs'

await main(async () => {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '4566' } } })
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port < 1 || port > 65_535)
    throw new Error(`--port takes a whole number from 1 to 65535, not ${values.port}.`)
  const [file, ...args] = splitCommand(await ensureAws())
  await assertFree(port)

  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-aws-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  console.log(`AWS endpoint http://127.0.0.1:${port}
  Region us-east-1, access key id test, secret access key test`)
  return become(file, args, {
    env: {
      SERVICES: 'kms,sts,iam',
      ...process.env,
      GATEWAY_PORT: values.port,
      BIND_HOST: '127.0.0.1',
      IOT_MTLS_ENABLED: '0', // or it opens 8883 on all interfaces
      TMPDIR: folder,
      STATE_DIR: join(folder, 'state'),
      S3_DATA_DIR: join(folder, 's3'),
    },
  })
})

/** @param {number} port */
async function assertFree(port) {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening').catch((error) => {
    throw new Error(`Port ${port} cannot be used (${error.code}): choose another with --port.`)
  })
  server.close()
  await once(server, 'close')
}
