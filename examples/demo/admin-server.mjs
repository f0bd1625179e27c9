/** The admin server as a process of its own, on this demo's account: started, called, stopped. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(new URL('../admin-server/dist/main.js', import.meta.url))
const READY_MS = 60_000

/** Who is who in the demo. */
export const people = [
  { name: 'shop', roles: ['requester'] },
  { name: 'alice', roles: ['requester', 'approver'] },
  { name: 'olga', roles: ['operator', 'auditor', 'approver'] },
]

/**
 * @param account - `address`, and the aliases of its two keys: the second signs only when one of the
 * approvers has approved.
 * @returns `url`, `tokens` by name, `call(name, method, path, body?)` and `stop()`.
 */
export async function startAdminServer({ flow, aws, account, contracts }) {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-demo-'))
  const url = `http://127.0.0.1:${await freePort()}`
  const config = join(folder, 'admin-server.json')
  const [automatic, held] = account.aliases
  writeFileSync(
    config,
    JSON.stringify({
      network: {
        chainId: 'flow-emulator',
        accessNodes: [flow.url],
        contracts: { DropNFT: contracts.DropNFT },
      },
      aws: { region: aws.region, endpoint: aws.endpoint },
      account: {
        address: account.address,
        keys: [
          { key: automatic, signs: 'automatic' },
          { key: held, signs: { approvers: ['alice', 'olga'] } },
        ],
      },
      functions: { mint: { roles: ['requester'], maxAmountPerDay: 1_000 } },
      database: { folder: join(folder, 'data') },
      http: { host: '127.0.0.1', port: Number(new URL(url).port), publicUrl: url },
      relay: { batchWaitMs: 20 },
      log: { level: 'warn' },
    }),
  )
  const { accessKeyId, secretAccessKey } = aws.clientConfig().credentials
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }
  const tokens = {}
  // Before the server starts: a folder of PGlite is for one process.
  for (const { name, roles } of people) tokens[name] = await createToken(config, env, name, roles)
  const child = spawn(process.execPath, [program, '--config', config], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === null) child.kill()
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(url, child)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, tokens, stop, call: (name, ...call) => ask(url, tokens[name], ...call) }
}

async function createToken(config, env, name, roles) {
  const args = ['tokens', 'create', '--config', config, '--principal', name, '--days', '1']
  const named = roles.flatMap((role) => ['--role', role])
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, ...named], {
    env,
  })
  return stdout.trim()
}

async function untilReady(url, child) {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await sleep(100)) {
    if (child.exitCode !== null) throw new Error('the admin server ended')
    const reply = await fetch(`${url}/readyz`).catch(() => undefined)
    if (reply?.ok) return
  }
  throw new Error(`the admin server was not ready within ${READY_MS} ms`)
}

/** @returns `{ status, body }`. */
async function ask(url, token, method, path, body, headers = {}) {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const reply = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...json, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  return { status: reply.status, body: await reply.json() }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
