/** `npm run chaos`: set-up and build, then test/chaos/main.mjs with the same arguments. @module */
import { join } from 'node:path'
import { root } from './lib/paths.mjs'
import { become, runForeground } from './lib/run.mjs'
import { main, setUp } from './lib/set-up.mjs'

await main(async () => {
  const needed = process.argv.includes('--rotation')
    ? /** @type {const} */ (['pkcs11', 'aws'])
    : process.argv.includes('--admin')
      ? /** @type {const} */ (['aws']) // where the admin server has its keys
      : []
  const env = await setUp(['npm', 'emulator', ...needed])
  const options = { cwd: root, env }
  const built = await runForeground(process.execPath, [join(root, 'tools', 'build.mjs')], options)
  if (built !== 0) return built
  const program = join(root, 'test', 'chaos', 'main.mjs')
  return become(process.execPath, [program, ...process.argv.slice(2)], options)
})
