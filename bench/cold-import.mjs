/** Time of the first `import` in a fresh process, and the packages that it loads. @module */
import { fileURLToPath } from 'node:url'
import { outputOf } from './run-node.mjs'
import { median } from './statistics.mjs'

const RUNS = 15
const recorder = fileURLToPath(new URL('./loaded-packages.mjs', import.meta.url))

/** What is imported: the two libraries, and what each of them would load. */
const subjects = {
  ours: 'fcl-kms',
  peer: 'fcl-kms-authorizer',
  fcl: '@onflow/fcl',
  sdk: '@onflow/sdk',
  client: '@aws-sdk/client-kms',
}

/** @returns Medians in milliseconds by subject, and the packages that the two libraries load. */
export async function measureColdImport(signal) {
  const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]))
  // The first round fills the file cache and is not counted.
  for (let round = 0; round <= RUNS; round++)
    for (const [name, specifier] of Object.entries(subjects)) {
      const ms = Number(await outputOf(['--input-type=module', '-e', timed(specifier)], { signal }))
      if (!(ms > 0)) throw new Error(`the import of ${specifier} was not timed`)
      if (round > 0) times[name].push(ms)
    }
  const loaded = async (name) =>
    JSON.parse(await outputOf([recorder, subjects[name]], { signal })).packages
  return {
    runs: RUNS,
    medianMs: Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)])),
    packages: { ours: await loaded('ours'), peer: await loaded('peer') },
  }
}

const timed = (specifier) => `const started = performance.now()
await import('${specifier}')
process.stdout.write(String(performance.now() - started), () => process.exit())`
