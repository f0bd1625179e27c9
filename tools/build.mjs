/** `npm run build`: dist from nothing, by the compiler alone. @module */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './lib/paths.mjs'

const dist = join(root, 'dist')
rmSync(dist, { recursive: true, force: true })
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
const program = join(dist, 'cli', 'main.js')
if (existsSync(program)) chmodSync(program, 0o755)
process.exitCode = status ?? 1
