/**
 * `npm test`: set-up, then every step. `npm test -- --only unit,integration -- <jest's arguments>`
 * runs some of them, and what those need. Ends with the line `N passed, N failed, N skipped`. @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { devNull } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { npmEnvironment } from './lib/npm.mjs'
import { cacheFolder, findProgram, root } from './lib/paths.mjs'
import { duration, runForeground } from './lib/run.mjs'
import { main, setUp } from './lib/set-up.mjs'

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ name: string, needs?: readonly string[], run: (env: NodeJS.ProcessEnv) => Promise<Counts> }} Step
 */
const cache = join(root, 'node_modules', '.cache', 'fcl-kms')
/** @type {string[]} */
let jestArgs = []
const adminTests = 'test/integration/admin-server'

/** @type {readonly Step[]} */
const steps = [
  { name: 'check', run: programs(['@biomejs/biome/bin/biome', 'check', '.']) },
  { name: 'arrows', run: programs(['../tools/check-arrows.mjs']) },
  {
    name: 'types',
    run: programs(
      ['typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
      ['typescript/bin/tsc', '--noEmit', '-p', 'examples/admin-server/dashboard/tsconfig.json'],
    ),
  },
  { name: 'unit', run: jest('test/unit', 'test/contract') },
  { name: 'build', run: programs(['../tools/build.mjs']) },
  {
    name: 'pack',
    needs: ['build'],
    run: programs(
      ['publint/src/cli.js', '--strict'],
      ['@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--profile', 'esm-only'],
      ['knip/bin/knip.js'],
      ['../tools/check-reach.mjs'],
    ),
  },
  // Apart: its servers, databases and browsers would starve tests that count what a node is asked.
  { name: 'integration', needs: ['build'], run: jest('test/integration', `!${adminTests}`) },
  { name: 'admin-server', needs: ['build'], run: jest(adminTests) },
  { name: 'browser', needs: ['build'], run: browser },
]

/**
 * A step of programs run by Node.js; it counts as one, and runs all of them.
 * @param {readonly [path: string, ...args: string[]][]} commands paths below node_modules
 * @returns {Step['run']}
 */
function programs(...commands) {
  return async (env) => {
    let failed = 0
    for (const [path, ...args] of commands) {
      const script = join(root, 'node_modules', path)
      if ((await runForeground(process.execPath, [script, ...args], { cwd: root, env })) !== 0) {
        console.error(`FAILED ${relative(join(root, 'node_modules'), script)}`)
        failed = 1
      }
    }
    return { passed: 1 - failed, failed, skipped: 0 }
  }
}

/**
 * A step of Jest tests, counted one by one.
 * @param {readonly string[]} places folders, and after `!` one that is left out
 * @returns {Step['run']}
 */
function jest(...places) {
  const folders = places.filter((place) => !place.startsWith('!'))
  const left = places.filter((place) => place.startsWith('!')).map((place) => place.slice(1))
  return async (env) => {
    const present = folders.filter((folder) => existsSync(join(root, folder)))
    if (present.length === 0) console.error(`${folders.join(' and ')}: no such folder`)
    if (present.length === 0) return { passed: 0, failed: 1, skipped: 0 }
    const report = join(cache, `${folders[0]?.replaceAll('/', '-')}.json`)
    rmSync(report, { force: true })
    mkdirSync(cache, { recursive: true })
    const code = await runForeground(
      process.execPath,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
        ...present.map((folder) => `--roots=${join(root, folder)}`),
        ...left.map((folder) => `--testPathIgnorePatterns=${join(root, folder)}/`),
        '--maxWorkers=3', // one more than cores: tests also wait for blocks and databases
        `--cacheDirectory=${join(cache, 'jest')}`,
        '--json',
        `--outputFile=${report}`,
        ...jestArgs,
      ],
      { cwd: root, env },
    )
    return existsSync(report) ? countTests(report, code) : { passed: 0, failed: 1, skipped: 0 }
  }
}

/**
 * @param {string} report
 * @param {number} code
 * @returns {Counts}
 */
function countTests(report, code) {
  const result = JSON.parse(readFileSync(report, 'utf8'))
  for (const file of result.testResults) {
    const states = file.assertionResults.map(
      (/** @type {{ status: string }} */ test) => test.status,
    )
    const skips = states.filter((/** @type {string} */ state) => /^(pending|todo)$/.test(state))
    if (states.length > 0 && skips.length === states.length)
      console.log(`SKIPPED WHOLLY ${relative(root, file.name)}`)
  }
  const passed = result.numPassedTests
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites
  const skipped = result.numPendingTests + result.numTodoTests
  if (passed + failed > 0 && (code === 0) === (failed === 0)) return { passed, failed, skipped }
  console.error(`FAILED: Jest ended with exit code ${code} after ${passed} passed tests`)
  return { passed, failed: failed + 1, skipped }
}

/** @type {Step['run']} */
async function browser(env) {
  const folder = join(root, 'test', 'browser')
  if (!existsSync(folder) || !readdirSync(folder).some((file) => file.endsWith('.test.ts'))) {
    console.log('nothing to run: test/browser holds no test')
    return { passed: 0, failed: 0, skipped: 0 }
  }
  const names = [env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome']
  const CHROMIUM = names.map((name) => name && findProgram(name)).find(Boolean)
  if (CHROMIUM) return jest('test/browser')({ ...env, CHROMIUM })
  console.log('SKIPPED browser: no Chromium found (apt-get install chromium)')
  return { passed: 0, failed: 0, skipped: 1 }
}

/**
 * No test may reach a real AWS account: neither by variables nor by the files of a profile.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
const withoutAws = (env) => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_'))),
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
})

/** @returns {readonly Step[]} the steps that the arguments name */
function chosenSteps() {
  const { values, positionals } = parseArgs({
    options: { only: { type: 'string' } },
    allowPositionals: true,
  })
  jestArgs = positionals
  const names = values.only?.split(',') ?? steps.map((step) => step.name)
  const unknown = names.find((name) => !steps.some((step) => step.name === name))
  const needed = steps.flatMap(({ name, needs = [] }) => (names.includes(name) ? needs : []))
  if (unknown === undefined)
    return steps.filter(({ name }) => names.includes(name) || needed.includes(name))
  throw new Error(`No step is named ${unknown}: take ${steps.map((step) => step.name).join(', ')}.`)
}

const total = { passed: 0, failed: 0, skipped: 0 }

await main(async () => {
  const chosen = chosenSteps()
  const env = await setUp(['npm', 'pkcs11', 'aws', 'lambda', 'emulator']).catch((error) => {
    console.error(error.message)
    total.failed += 1
    return undefined
  })
  const environment = withoutAws({ ...npmEnvironment(env), XDG_CACHE_HOME: cacheFolder() })
  /** @type {Set<string>} */
  const failures = new Set()
  for (const step of env ? chosen : []) {
    console.log(`\n── ${step.name} ──`)
    const started = Date.now()
    const missing = step.needs?.find((name) => failures.has(name))
    if (missing) console.error(`NOT RUN ${step.name}: it needs ${missing}, which failed`)
    const counts = missing ? { passed: 0, failed: 1, skipped: 0 } : await step.run(environment)
    if (counts.failed > 0) failures.add(step.name)
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped']))
      total[key] += counts[key]
    const state = counts.failed > 0 ? 'FAILED' : 'ok'
    console.log(`── ${step.name}: ${state} in ${duration(Date.now() - started)}`)
  }
  if (failures.size > 0) console.log(`\nFailed: ${[...failures].join(', ')}`)
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed === 0 ? 0 : 1
})
