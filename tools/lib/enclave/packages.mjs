/** Packages of Debian, each pinned by its SHA-256: what is measured is made of them. @module */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../lock.mjs'
import { cacheFolder } from '../paths.mjs'
import { capture, runWithProgress } from '../run.mjs'
import { withApt } from './apt.mjs'

/** @typedef {{ name: string, version: string, sha256: string }} Package one package, pinned */

const release = 'bookworm'
const folder = () => join(cacheFolder(), 'debian')

/**
 * The files of these packages, each checked against its SHA-256 at every call. What is not in the
 * cache is downloaded.
 *
 * @param {readonly Package[]} packages
 * @returns {Promise<string[]>} the path of each .deb, in the order asked
 * @throws {Error} in one sentence, when apt is missing or a mirror has no such file any more
 */
export async function ensurePackages(packages) {
  mkdirSync(folder(), { recursive: true })
  if (packages.some((one) => !isHeld(one)))
    await withLock('debian', async () => {
      const missing = packages.filter((one) => !isHeld(one))
      if (missing.length > 0) await download(missing)
    })
  return packages.map(pathOf)
}

/**
 * @param {readonly Package[]} packages
 * @param {string} target a folder
 */
export async function unpackPackages(packages, target) {
  for (const path of await ensurePackages(packages)) {
    const { code, output } = await capture('dpkg-deb', ['-x', path, target], { timeout: 600_000 })
    if (code !== 0) throw new Error(`${path} could not be unpacked into ${target}: ${output}`)
  }
}

/** @param {Package} one */
const pathOf = ({ sha256 }) => join(folder(), `${sha256}.deb`)

/** A file that somebody damaged is removed. @param {Package} one */
function isHeld(one) {
  if (!existsSync(pathOf(one))) return false
  if (sha256Of(pathOf(one)) === one.sha256) return true
  rmSync(pathOf(one), { force: true })
  return false
}

/** @param {string} path */
const sha256Of = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** @param {readonly Package[]} packages */
async function download(packages) {
  await withApt([release, `${release}-security`], async (apt, folderOfApt) => {
    const words = packages.map(({ name, version }) => `${name}=${version}`)
    try {
      const title = `Downloading ${packages.length} packages of Debian`
      await runWithProgress(title, 'apt-get', [...apt, 'download', ...words], { cwd: folderOfApt })
    } catch (error) {
      throw notFound(packages, error)
    }
    for (const file of readdirSync(folderOfApt).filter((name) => name.endsWith('.deb'))) {
      const path = join(folderOfApt, file)
      const sha256 = sha256Of(path)
      if (packages.some((one) => one.sha256 === sha256))
        renameSync(path, `${join(folder(), sha256)}.deb`)
    }
    const wrong = packages.filter((one) => !existsSync(pathOf(one)))
    if (wrong.length > 0) throw notFound(wrong)
  })
}

/** @param {readonly Package[]} packages @param {unknown} [cause] */
function notFound(packages, cause) {
  const names = packages.map(
    ({ name, version, sha256 }) => `${name} ${version} (SHA-256 ${sha256})`,
  )
  return new Error(
    `This machine's mirror of Debian has not all of these files: put what is missing into ${folder()}, named <SHA-256>.deb, from Debian's archive of snapshots: ${names.join(', ')}.`,
    { cause },
  )
}
