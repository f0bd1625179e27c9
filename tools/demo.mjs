/** `npm run demo`: set-up and build, then examples/demo/demo.mjs with the same arguments. @module */
import { join } from 'node:path'
import { root } from './lib/paths.mjs'
import { become, runForeground } from './lib/run.mjs'
import { main, setUp } from './lib/set-up.mjs'

await main(async () => {
  const env = await setUp(['npm', 'aws', 'emulator'])
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true' // eight lines amid the demo's own
  const options = { cwd: root, env }
  const built = await runForeground(process.execPath, [join(root, 'tools', 'build.mjs')], options)
  if (built !== 0) return built
  const program = join(root, 'examples', 'demo', 'demo.mjs')
  return become(process.execPath, [program, ...process.argv.slice(2)], options)
})
