/** `npm run chaos`: set-up and build, then test/chaos/main.mjs with the same arguments. @module */
import { join } from 'node:path'
import { root } from './lib/paths.mjs'
import { become, runForeground } from './lib/run.mjs'
import { main, setUp } from './lib/set-up.mjs'

await main(async () => {
  // The admin server has its keys in KMS.
  const servers = process.argv.includes('--admin') ? /** @type {const} */ (['aws']) : []
  const env = await setUp(['npm', 'emulator', ...servers])
  const options = { cwd: root, env }
  const built = await runForeground(process.execPath, [join(root, 'tools', 'build.mjs')], options)
  if (built !== 0) return built
  const program = join(root, 'test', 'chaos', 'main.mjs')
  return become(process.execPath, [program, ...process.argv.slice(2)], options)
})
