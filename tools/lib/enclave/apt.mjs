/**
 * An apt that changes nothing on this machine: other suites of Debian from the mirror that its own apt
 * has, without root, and all that it writes goes into one folder. @module
 */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, findProgram, tidy } from '../paths.mjs'
import { capture, runWithProgress } from '../run.mjs'

/**
 * Gives the options for an apt of its own: another set of suites, no installed package, nothing that
 * needs root. Signatures of the mirror are checked with the keys that this machine trusts.
 *
 * @template T
 * @param {readonly string[]} suites such as `bookworm`; from the mirror of security updates where the
 *   name ends so
 * @param {(options: string[], folder: string) => Promise<T>} work the folder is removed at the end
 * @returns {Promise<T>}
 * @throws {Error} in one sentence, when there is no apt, or none of Debian
 */
export async function withApt(suites, work) {
  for (const program of ['apt-get', 'dpkg-deb'])
    if (!findProgram(program))
      throw new Error(
        `${program} is missing: build the image on Debian, or on a system with its apt.`,
      )
  const base = await findMirror()
  mkdirSync(cacheFolder(), { recursive: true })
  const own = mkdtempSync(join(cacheFolder(), 'apt-'))
  try {
    for (const name of ['lists/partial', 'archives/partial'])
      mkdirSync(join(own, name), { recursive: true })
    const lines = suites.map((suite) => {
      const mirror = suite.endsWith('-security') ? `${base}-security` : base
      return `deb [arch=amd64${keyring()}] ${mirror} ${suite} main\n`
    })
    writeFileSync(join(own, 'sources.list'), lines.join(''))
    writeFileSync(join(own, 'status'), '')
    const settings = {
      'Dir::State': own,
      'Dir::State::lists': join(own, 'lists'),
      'Dir::State::status': join(own, 'status'),
      'Dir::Cache': own,
      'Dir::Cache::archives': join(own, 'archives'),
      'Dir::Etc::sourcelist': join(own, 'sources.list'),
      'Dir::Etc::sourceparts': '-',
      'Dir::Etc::preferences': '/dev/null',
      'Dir::Etc::preferencesparts': '/dev/null',
      'APT::Architecture': 'amd64',
      'APT::Architectures': 'amd64',
      'APT::Sandbox::User': '',
      'Acquire::Languages': 'none',
      'Acquire::Check-Valid-Until': 'false', // an old release stays as it is
      'Acquire::Retries': '2',
      'Acquire::http::Timeout': '60',
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    await runWithProgress("Reading Debian's lists", 'apt-get', [
      ...options,
      'update',
      '--error-on=any',
    ])
    return await work(options, own)
  } finally {
    tidy(own)
  }
}

/** Debian's own keys are named where there are such; a machine may trust them in another way. */
function keyring() {
  const path = '/usr/share/keyrings/debian-archive-keyring.gpg'
  return existsSync(path) ? ` signed-by=${path}` : ''
}

/** The address of Debian's main archive in this machine's own settings, without a slash at its end. */
async function findMirror() {
  const { output } = await capture('apt-get', [
    'indextargets',
    '--no-release-info',
    '--format',
    '$(REPO_URI)',
  ])
  const addresses = output.split('\n').map((line) => line.trim().replace(/\/$/, ''))
  const mirror = addresses.find((address) => /\/debian$/.test(address))
  if (mirror) return mirror
  throw new Error(
    "This machine's apt has no mirror of Debian: add one to its sources, or build the image on Debian.",
  )
}
