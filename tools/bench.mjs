/** `npm run bench`: set-up and build, then bench/main.mjs with the same arguments. @module */
import { join } from 'node:path'
import { root } from './lib/paths.mjs'
import { become, runForeground } from './lib/run.mjs'
import { main, setUp } from './lib/set-up.mjs'

await main(async () => {
  // What a guest needs is prepared for those who ask for it.
  const isEnclave = process.argv.some((word) => /^(--only=)?enclave$/.test(word))
  const env = await setUp(['npm', 'aws', isEnclave ? 'enclave' : 'emulator'])
  const options = { cwd: root, env }
  const built = await runForeground(process.execPath, [join(root, 'tools', 'build.mjs')], options)
  if (built !== 0) return built
  const program = join(root, 'bench', 'main.mjs')
  return become(process.execPath, [program, ...process.argv.slice(2)], options)
})
