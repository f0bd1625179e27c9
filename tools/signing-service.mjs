/** `npm run signing-service`: build, then examples/signing-service with the same arguments. @module */
import { join } from 'node:path'
import { root } from './lib/paths.mjs'
import { become, runForeground } from './lib/run.mjs'
import { main, setUp } from './lib/set-up.mjs'

await main(async () => {
  const options = { cwd: root, env: await setUp(['npm']) }
  const built = await runForeground(process.execPath, [join(root, 'tools', 'build.mjs')], options)
  if (built !== 0) return built
  const program = join(root, 'examples', 'signing-service', 'signing-service.mjs')
  return become(process.execPath, [program, ...process.argv.slice(2)], options)
})
