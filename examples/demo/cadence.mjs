/** The Cadence files of this repository, with `import "Name"` made an import from an address. */
import { readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const { contracts } = JSON.parse(readFileSync(new URL('flow.json', root), 'utf8'))

/** Name → address of the contracts that every emulator has. */
export const standardContracts = Object.fromEntries(
  Object.entries(contracts).flatMap(([name, { aliases }]) =>
    aliases?.emulator === undefined ? [] : [[name, aliases.emulator]],
  ),
)

/**
 * @param {string} path below `cadence/`
 * @param {Record<string, string>} addresses by contract name
 */
export function withAddresses(path, addresses) {
  return readFileSync(new URL(`cadence/${path}`, root), 'utf8').replace(
    /^import "(\w+)"$/gm,
    (_, name) => `import ${name} from 0x${addresses[name].replace(/^0x/, '')}`,
  )
}
