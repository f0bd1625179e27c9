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
import { capture, duration, runForeground } from './lib/run.mjs'
import { main, setUp } from './lib/set-up.mjs'

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {Counts & { output?: string }} Result with what is to be shown yet
 * @typedef {{
 *   name: string
 *   needs?: readonly string[]
 *   beside?: true
 *   run: (env: NodeJS.ProcessEnv) => Promise<Result>
 * }} Step `beside`: begun with the first step, and shown in its turn
 */
const cache = join(root, 'node_modules', '.cache', 'fcl-kms')
/** @type {string[]} */
let jestArgs = []
const adminTests = 'test/integration/admin-server'
const guestTests = 'test/integration/enclave-guest'

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
  { name: 'unit', run: jest(3, 'test/unit', 'test/contract') },
  { name: 'build', beside: true, run: programs(['../tools/build.mjs']) },
  {
    name: 'pack',
    needs: ['build'],
    beside: true,
    run: programs(
      ['publint/src/cli.js', '--strict'],
      ['@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--profile', 'esm-only'],
      ['knip/bin/knip.js'],
      ['../tools/check-reach.mjs'],
    ),
  },
  // Apart: its servers, databases and browsers would starve tests that count what a node is asked.
  {
    name: 'integration',
    needs: ['build'],
    run: jest(4, 'test/integration', `!${adminTests}`, `!${guestTests}`),
  },
  // Apart, too: its processor is emulated, and would have a tenth of what it needs beside others.
  { name: 'enclave', needs: ['build'], run: guest },
  { name: 'admin-server', needs: ['build'], run: jest(4, adminTests) },
  { name: 'browser', needs: ['build'], run: browser },
]

/**
 * A step of programs run by Node.js beside each other; it counts as one.
 * @param {readonly [path: string, ...args: string[]][]} commands paths below node_modules
 * @returns {Step['run']}
 */
function programs(...commands) {
  return async (env) => {
    const ended = commands.map(async ([path, ...args]) => {
      const script = join(root, 'node_modules', path)
      const told = await capture(process.execPath, [script, ...args], {
        cwd: root,
        env,
        timeout: 0,
      })
      const fault = `FAILED ${relative(join(root, 'node_modules'), script)}`
      return { failed: told.code !== 0, lines: [told.output, ...(told.code === 0 ? [] : [fault])] }
    })
    const all = await Promise.all(ended)
    const failed = all.some((one) => one.failed) ? 1 : 0
    const output = all.flatMap(({ lines }) => lines.filter((text) => text !== '')).join('\n')
    return { passed: 1 - failed, failed, skipped: 0, output }
  }
}

/**
 * A step of Jest tests, counted one by one.
 * @param {number} workers more than the two cores of CI: tests also wait for blocks and databases
 * @param {readonly string[]} places folders, and after `!` one that is left out
 * @returns {Step['run']}
 */
function jest(workers, ...places) {
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
        `--maxWorkers=${workers}`,
        // Node.js keeps some megabytes of every test file, and walks over all of them whenever a
        // database is opened: by the two hundredth file of a worker that takes six seconds each time.
        ...(workers > 1 ? ['--workerIdleMemoryLimit=700MB'] : []),
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
async function guest(env) {
  if (env.FCL_KMS_ENCLAVE) return jest(1, guestTests)(env)
  console.log('SKIPPED enclave: the parts of a guest are missing, as set-up said')
  return { passed: 0, failed: 0, skipped: 1 }
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
  if (CHROMIUM) return jest(4, 'test/browser')({ ...env, CHROMIUM })
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

/**
 * Runs a step once those have passed that it needs.
 * @param {Step} step
 * @param {(step: Step) => Promise<Result>} begin
 * @param {NodeJS.ProcessEnv} env
 */
async function runAfter(step, begin, env) {
  for (const needed of steps.filter(({ name }) => step.needs?.includes(name)))
    if ((await begin(needed)).failed > 0) {
      const output = `NOT RUN ${step.name}: it needs ${needed.name}, which failed`
      return { passed: 0, failed: 1, skipped: 0, output, ms: 0 }
    }
  const started = Date.now()
  const result = await step.run(env)
  return { ...result, ms: Date.now() - started }
}

const total = { passed: 0, failed: 0, skipped: 0 }

await main(async () => {
  const chosen = chosenSteps()
  const env = await setUp(['npm', 'pkcs11', 'aws', 'lambda', 'enclave', 'emulator']).catch(
    (error) => {
      console.error(error.message)
      total.failed += 1
      return undefined
    },
  )
  const environment = withoutAws({
    ...npmEnvironment(env),
    XDG_CACHE_HOME: cacheFolder(),
    GOGC: '400', // the emulators take 150 MB instead of 100, and a fifth of the processor time less
  })
  /** @type {Map<Step, Promise<Result & { ms: number }>>} */
  const begun = new Map()
  const begin = (/** @type {Step} */ step) => {
    const result = begun.get(step) ?? runAfter(step, begin, environment)
    begun.set(step, result)
    return result
  }
  const failures = []
  for (const step of env ? chosen.filter(({ beside }) => beside) : []) begin(step)
  for (const step of env ? chosen : []) {
    console.log(`\n── ${step.name} ──`)
    const { ms, output, ...counts } = await begin(step)
    if (output) console.log(output)
    if (counts.failed > 0) failures.push(step.name)
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped']))
      total[key] += counts[key]
    console.log(`── ${step.name}: ${counts.failed > 0 ? 'FAILED' : 'ok'} in ${duration(ms)}`)
  }
  if (failures.length > 0) console.log(`\nFailed: ${[...failures].join(', ')}`)
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed === 0 ? 0 : 1
})
