/** `npm run build`: dist from nothing, of the library and of the admin server. @module */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './lib/paths.mjs'
import { bundleRemoteSigner } from './lib/remote-signer-bundle.mjs'

const server = join(root, 'examples', 'admin-server')
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

/** @param {readonly string[]} args */
function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

for (const folder of [root, server]) rmSync(join(folder, 'dist'), { recursive: true, force: true })
run(tsc, '-p', 'tsconfig.build.json')
const program = join(root, 'dist', 'cli', 'main.js')
if (existsSync(program)) chmodSync(program, 0o755)
const bundle = join(root, 'dist', 'remote-signer-lambda', 'bundle.mjs')
writeFileSync(bundle, await bundleRemoteSigner())
run(tsc, '-p', join(server, 'tsconfig.json'))
run(join(root, 'tools', 'build-dashboard.mjs'))
