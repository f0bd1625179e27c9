/** `npm run enclave -- <command>`: the image of an enclave, and a guest that plays one. @module */
import { main } from './lib/set-up.mjs'

/** @type {Record<string, () => Promise<{ run: (args: string[]) => Promise<number> }>>} */
const commands = {
  build: () => import('./lib/enclave/commands/build.mjs'),
  kernel: () => import('./lib/enclave/commands/kernel.mjs'),
  parent: () => import('./lib/enclave/commands/parent.mjs'),
  setup: () => import('./lib/enclave/commands/setup.mjs'),
  start: () => import('./lib/enclave/commands/start.mjs'),
  measure: () => import('./lib/enclave/commands/measure.mjs'),
  verify: () => import('./lib/enclave/commands/verify.mjs'),
}

await main(async () => {
  const [name = '', ...args] = process.argv.slice(2)
  if (!Object.hasOwn(commands, name))
    throw new Error(`Usage: npm run enclave -- ${Object.keys(commands).join('|')}`)
  const { run } = await commands[name]()
  return run(args)
})
