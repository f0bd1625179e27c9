/**
 * The two devices of the guest that are programs of their own: `vhost-device-vsock`, as published, and
 * the bridge to the security module, in tools/nsm-bridge. @module
 */
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, findProgram, fingerprint, isExecutable, root, tidy } from '../paths.mjs'
import { runWithProgress } from '../run.mjs'

const vsock = 'vhost-device-vsock'
const vsockVersion = '0.3.0'
const bridge = 'nsm-bridge'
const sources = ['Cargo.toml', 'Cargo.lock', 'src/main.rs'].map((path) => `tools/${bridge}/${path}`)

/**
 * Cargo keeps to the user's own configuration: registries, proxies, its cache.
 * @returns {Promise<{ vsock: string, nsmBridge: string }>} paths of the programs
 * @throws {Error} in one sentence, when they cannot be built
 */
export async function ensureDevices() {
  const name = `devices-${fingerprint(sources, [vsockVersion, process.platform, process.arch])}`
  const folder = join(cacheFolder(), 'enclave', name)
  const paths = { vsock: join(folder, 'bin', vsock), nsmBridge: join(folder, 'bin', bridge) }
  if (isExecutable(paths.vsock) && isExecutable(paths.nsmBridge)) return paths
  const cargo = findProgram('cargo')
  if (!cargo) throw new Error('there is no cargo to build its devices: install Rust')
  const attempt = `${folder}.${process.pid}`
  tidy(attempt)
  mkdirSync(attempt, { recursive: true })
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: join(attempt, 'target'), // one for both: they are built of the same crates
    CARGO_PROFILE_RELEASE_OPT_LEVEL: '1',
    CARGO_PROFILE_RELEASE_DEBUG: 'false',
    CARGO_PROFILE_RELEASE_LTO: 'off',
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  }
  const install = ['install', '--locked', '--root', attempt]
  const title = 'Preparing the devices of an enclave'
  const options = { cwd: join(root, 'tools'), env }
  try {
    await runWithProgress(
      `${title}, vsock`,
      cargo,
      [...install, `${vsock}@${vsockVersion}`],
      options,
    )
    await runWithProgress(`${title}, NSM`, cargo, [...install, '--path', bridge], options)
    tidy(join(attempt, 'target'))
    tidy(folder) // what is left of another attempt
    renameSync(attempt, folder)
    return paths
  } finally {
    tidy(attempt)
  }
}
