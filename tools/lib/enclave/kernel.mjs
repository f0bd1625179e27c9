/**
 * The kernel of an enclave, built of Debian's sources by Debian's compiler, both pinned: the same bytes
 * on every machine, in whatever folder. @module
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { withLock } from '../lock.mjs'
import { cacheFolder, findProgram, fingerprint, root, tidy } from '../paths.mjs'
import { capture, runWithProgress } from '../run.mjs'
import { unpackPackages } from './packages.mjs'

const pins = 'tools/enclave-image/debian.json'
const fragment = 'examples/enclave/kernel/config'
const recipe = 'tools/lib/enclave/kernel.mjs'
/** Of this machine; all that writes into the kernel comes from the pinned packages. */
const programs = [
  'sh',
  'awk',
  'cat',
  'cmp',
  'find',
  'gzip',
  'grep',
  'nice',
  'perl',
  'sed',
  'tar',
  'xz',
]

/** Where the kernel of these sources, settings and compiler lies, or will lie. @returns {string} */
export function kernelPath() {
  const words = Object.values(readPins()).map((packages) => JSON.stringify(packages))
  return join(cacheFolder(), `enclave-kernel-${fingerprint([fragment, recipe], words)}`, 'bzImage')
}

function readPins() {
  const { kernel, compiler } = JSON.parse(readFileSync(join(root, pins), 'utf8'))
  return { kernel, compiler }
}

/** @returns {string} such as `6.12.117` */
export function kernelVersion() {
  return readPins().kernel[0].version.split('-')[0]
}

/**
 * Takes it from the cache, or builds it there: 4 minutes on two idle cores, 2 GB for that time.
 * @returns {Promise<string>} the path of a bzImage
 * @throws {Error} in one sentence, when a program or a package is missing
 */
export async function ensureKernel() {
  const path = kernelPath()
  if (existsSync(path)) return path
  return withLock(
    'enclave-kernel',
    async () => {
      if (existsSync(path)) return path
      // Under the lock nobody builds: what is there was left by a build that was killed.
      const left = readdirSync(cacheFolder()).filter((name) =>
        /^enclave-kernel-\w+\.\d+$/.test(name),
      )
      for (const name of left) tidy(join(cacheFolder(), name))
      await buildKernel(dirname(path))
      return path
    },
    { waitMs: 3_600_000 },
  )
}

/**
 * @param {string} folder where `bzImage` and its `config` come to lie; where it is built too
 * @throws {Error} in one sentence
 */
export async function buildKernel(folder) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `The kernel is built on Linux and x64, and this is ${process.platform} ${process.arch}.`,
    )
  const missing = programs.filter((name) => !findProgram(name))
  if (missing.length > 0)
    throw new Error(`To build the kernel, install what is missing here: ${missing.join(', ')}.`)
  const { kernel, compiler } = readPins()
  const work = `${folder}.${process.pid}`
  const clean = () => tidy(work)
  process.once('exit', clean) // by a signal too
  try {
    for (const part of ['tools', 'package', 'source', 'out', 'done'])
      mkdirSync(join(work, part), { recursive: true })
    await unpackPackages(compiler, join(work, 'tools'))
    await unpackPackages(kernel, join(work, 'package'))
    const archives = join(work, 'package/usr/src')
    const archive = readdirSync(archives).find((name) => name.endsWith('.tar.xz')) ?? ''
    const unpack = [
      '-xJf',
      join(archives, archive),
      '-C',
      join(work, 'source'),
      '--strip-components=1',
    ]
    await runWithProgress("Unpacking the kernel's sources", 'tar', unpack)
    await make(work)
    copyFileSync(join(work, 'out/arch/x86/boot/bzImage'), join(work, 'done/bzImage'))
    copyFileSync(join(work, 'out/.config'), join(work, 'done/config'))
    tidy(folder)
    renameSync(join(work, 'done'), folder)
  } finally {
    process.off('exit', clean)
    clean()
  }
}

/** @param {string} work */
async function make(work) {
  const tools = join(work, 'tools')
  for (const [name, target] of [
    ['gcc', 'gcc-12'],
    ['cc', 'gcc-12'],
    ['cpp', 'cpp-12'],
  ])
    symlinkSync(
      /** @type {string} */ (target),
      join(tools, 'usr/bin', /** @type {string} */ (name)),
    )
  const bin = join(tools, 'usr/bin')
  const libraries = join(tools, 'usr/lib/x86_64-linux-gnu')
  const env = {
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    LD_LIBRARY_PATH: libraries,
    M4: join(bin, 'm4'),
    BISON_PKGDATADIR: join(tools, 'usr/share/bison'),
    LC_ALL: 'C',
    TZ: 'UTC',
    KBUILD_BUILD_TIMESTAMP: 'Thu Jan  1 00:00:00 UTC 1970',
    KBUILD_BUILD_USER: 'fcl-kms',
    KBUILD_BUILD_HOST: 'enclave',
    KBUILD_BUILD_VERSION: '1',
  }
  const out = join(work, 'out')
  const settings = [
    'ARCH=x86_64',
    `O=${out}`,
    `HOSTCFLAGS=--sysroot=${tools}`,
    `HOSTLDFLAGS=--sysroot=${tools}`,
  ]
  const options = { cwd: join(work, 'source'), env, timeout: 3_600_000 }
  const run = async (/** @type {string} */ target) => {
    const { code, output } = await capture('make', ['-s', ...settings, target], options)
    if (code !== 0) throw new Error(`make ${target} failed. It said:\n${output.slice(-2_000)}`)
  }
  await run('tinyconfig')
  const wanted = readFileSync(join(root, fragment), 'utf8')
  const config = join(out, '.config')
  writeFileSync(config, `${readFileSync(config, 'utf8')}\n${wanted}`)
  await run('olddefconfig')
  assertSettings(wanted, readFileSync(config, 'utf8'))
  const jobs = `-j${availableParallelism()}`
  const words = ['make', '-s', jobs, ...settings, 'bzImage']
  await runWithProgress('Building the kernel (once, minutes)', 'nice', words, options)
}

/**
 * A setting that the sources do not have, or whose conditions fail, vanishes without a word.
 * @param {string} wanted
 * @param {string} config
 * @throws {Error} in one sentence, which names each
 */
export function assertSettings(wanted, config) {
  const lines = new Set(config.split('\n'))
  const lost = wanted.split('\n').filter((line) => {
    const unset = /^# (CONFIG_\w+) is not set$/.exec(line)?.[1]
    if (unset) return [...lines].some((other) => other.startsWith(`${unset}=`))
    return line.startsWith('CONFIG_') && !lines.has(line)
  })
  if (lost.length > 0)
    throw new Error(`The kernel's sources do not take these settings: ${lost.join(', ')}.`)
}
