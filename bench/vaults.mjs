/**
 * The vaults behind the one Signer contract, each by a file of its own: `vaults-<name>.mjs` exports
 * `measureVault(scope)`, whose numbers are plain data, and `addRows(table, numbers)`. @module
 */
import { readdirSync } from 'node:fs'
import { createTable } from './table.mjs'

const names = readdirSync(new URL('.', import.meta.url))
  .flatMap((file) => /^vaults-([a-z0-9-]+)\.mjs$/.exec(file)?.[1] ?? [])
  .sort()
const load = (name) => import(`./vaults-${name}.mjs`)

/** @param {import('./scope.mjs').Scope} scope @returns numbers, by the name of the vault */
export async function measureVaults(scope) {
  const numbers = {}
  for (const name of names) {
    scope.say(`vault: ${name}`)
    const { measureVault } = await load(name)
    numbers[name] = await measureVault(scope)
    await scope.stopAll()
  }
  const print = await createPrint()
  return { numbers, print }
}

async function createPrint() {
  const modules = await Promise.all(names.map(load))
  return ({ machine, vaults }) => {
    const table = createTable()
    for (const [index, { addRows }] of modules.entries()) addRows(table, vaults[names[index]])
    return [
      `${machine.cores} cores (${machine.processor}), ${machine.system}, load ${machine.loadBefore.toFixed(1)} before the run`,
      `Node.js ${machine.node}`,
      '',
      table.print(),
    ].join('\n')
  }
}
