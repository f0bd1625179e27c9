/**
 * Packages of Debian, unpacked below the cache folder: no root, nothing installed, and from the mirror
 * that this machine's own apt uses. @module
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, tidy } from '../paths.mjs'
import { capture, runWithProgress } from '../run.mjs'
import { withApt } from './apt.mjs'

/** QEMU 10.1 or newer is in no older release; the kernel is that of the release itself. */
const release = 'trixie'
const backports = `${release}-backports`
const kernelPackage = 'linux-image-cloud-amd64'

/** In the order in which the guest loads them. */
const modules = [
  'net/vmw_vsock/vsock',
  'net/vmw_vsock/vmw_vsock_virtio_transport_common',
  'net/vmw_vsock/vmw_vsock_virtio_transport',
  'drivers/misc/nsm',
]

/**
 * @typedef {object} DebianParts
 * @property {readonly string[]} qemu the command of QEMU for x86-64, to which options are added
 * @property {string} kernel path of a kernel, not compressed: what is emulated would take seconds for that
 * @property {string} modules a folder of kernel modules, with a file `order`
 */

/**
 * @param {string} folder where they come to lie
 * @returns {DebianParts}
 */
export function debianParts(folder) {
  const qemu = join(folder, 'qemu')
  const libraries = join(qemu, 'usr', 'lib', 'x86_64-linux-gnu')
  const data = ['qemu', 'seabios'].flatMap((name) => ['-L', join(qemu, 'usr', 'share', name)])
  return {
    qemu: [
      join(libraries, 'ld-linux-x86-64.so.2'),
      '--library-path',
      libraries,
      join(qemu, 'usr', 'bin', 'qemu-system-x86_64'),
      ...data,
    ],
    kernel: join(folder, 'kernel', 'vmlinux'),
    modules: join(folder, 'kernel', 'modules'),
  }
}

/** @returns {string} the folder of `debianParts` in the cache, for these packages and this release */
export const debianFolder = () => join(cacheFolder(), 'enclave', `debian-2-${release}`)

/**
 * Downloads and unpacks them: 84 MB from the mirror, 200 MB on disk.
 * @throws {Error} in one sentence, when they cannot be had here
 */
export async function ensureDebian() {
  const folder = debianFolder()
  if (existsSync(folder)) return
  const attempt = `${folder}.${process.pid}`
  tidy(attempt)
  try {
    await withApt([release, backports], async (given, own) => {
      // Kept between the commands here, also where a machine's settings do without.
      const apt = [...given, '-o', `Dir::Cache::pkgcache=${join(own, 'packages.bin')}`]
      const get = [...apt, '--yes', '--no-install-recommends', '--download-only']
      const qemu = ['--target-release', backports, 'install', 'qemu-system-x86', 'zstd']
      await runWithProgress('Downloading QEMU', 'apt-get', [...get, ...qemu])
      await unpack(join(own, 'archives'), join(attempt, 'qemu'))
      await takeKernel(apt, join(own, 'kernel'), attempt)
    })
    await assertDevice(debianParts(attempt).qemu)
    for (const name of ['doc', 'locale', 'man']) tidy(join(attempt, 'qemu', 'usr', 'share', name))
    renameSync(attempt, folder)
  } finally {
    tidy(attempt)
  }
}

/** @param {string} archives a folder of packages @param {string} folder */
async function unpack(archives, folder) {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    const { code, output } = await capture('dpkg-deb', ['-x', join(archives, name), folder])
    if (code !== 0) throw new Error(`dpkg-deb could not unpack ${name} (${output})`)
  }
}

/**
 * @param {readonly string[]} apt
 * @param {string} work
 * @param {string} parts where QEMU lies already
 */
async function takeKernel(apt, work, parts) {
  const folder = join(parts, 'kernel')
  const { output } = await capture('apt-cache', [...apt, 'depends', kernelPackage])
  const [, name] = /Depends: (linux-image-\S+)/.exec(output) ?? []
  if (!name) throw new Error(`the mirror has no package ${kernelPackage} of ${release}`)
  mkdirSync(work, { recursive: true })
  await runWithProgress('Downloading a kernel', 'apt-get', [...apt, 'download', name], {
    cwd: work,
  })
  const whole = join(work, 'whole')
  await unpack(work, whole)
  const version = name.replace('linux-image-', '')
  mkdirSync(join(folder, 'modules'), { recursive: true })
  await decompress(parts, join(whole, 'boot', `vmlinuz-${version}`), join(folder, 'vmlinux'))
  const files = modules.map((path) => {
    const from = join(whole, 'usr', 'lib', 'modules', version, 'kernel', `${path}.ko.xz`)
    const file = `${path.split('/').at(-1)}.ko.xz`
    renameSync(from, join(folder, 'modules', file))
    return file
  })
  writeFileSync(join(folder, 'modules', 'order'), `${files.join('\n')}\n`)
}

/** @param {readonly string[]} qemu */
async function assertDevice([file = '', ...args]) {
  const { output } = await capture(file, [...args, '-device', 'help'])
  if (output.includes('vhost-user-test-device-pci')) return
  throw new Error(`the QEMU of ${backports} has no vhost-user-test-device`)
}

/**
 * Takes the kernel out of a bzImage, which would decompress itself, by zstd of the same packages as QEMU.
 *
 * @param {string} parts
 * @param {string} image
 * @param {string} target
 * @see Documentation/arch/x86/boot.rst of Linux: setup_sects, payload_offset and payload_length
 */
async function decompress(parts, image, target) {
  const bytes = readFileSync(image)
  const start = ((bytes[0x1f1] ?? 0) + 1) * 512 + bytes.readUInt32LE(0x248)
  const compressed = `${target}.zst`
  const end = start + bytes.readUInt32LE(0x24c) - 4 // behind it the length of what it becomes
  writeFileSync(compressed, bytes.subarray(start, end))
  const [loader = '', path = '', libraries = ''] = debianParts(parts).qemu
  const zstd = [path, libraries, join(parts, 'qemu', 'usr', 'bin', 'zstd')]
  const { code, output } = await capture(loader, [...zstd, '-dq', compressed, '-o', target])
  rmSync(compressed)
  if (code !== 0) throw new Error(`the kernel could not be unpacked (${output})`)
}
