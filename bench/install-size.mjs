/** What `npm install` of a package adds, read from node_modules on disk. @module */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { npmCommand } from './npm-command.mjs'
import { root } from './own-package.mjs'
import { runNode } from './run-node.mjs'

/**
 * @returns Packages and bytes of the dependencies: of fcl-kms (with its own files as packed), of the
 *   peer, and of what both need at run time (FCL and the AWS client).
 */
export async function measureInstallSize(signal) {
  const own = await packedSize(signal)
  const { dependencies = {} } = manifest(root)
  const ours = closure(Object.keys(dependencies))
  const userBrings = closure(['@onflow/fcl', '@aws-sdk/client-kms'])
  const peer = closure(['fcl-kms-authorizer'])
  const withOwn = (folders) => {
    const { packages, bytes } = size(folders)
    return { packages: packages + 1, bytes: bytes + own.unpackedBytes }
  }
  return {
    tarball: own,
    alone: { ours: withOwn(ours), peer: size(peer) },
    withFclAndClient: {
      ours: withOwn(new Set([...ours, ...userBrings])),
      peer: size(new Set([...peer, ...userBrings])),
      bare: size(userBrings),
    },
  }
}

async function packedSize(signal) {
  const args = [...npmCommand(), 'pack', '--dry-run', '--json', '--ignore-scripts', '--offline']
  const { code, stdout, stderr } = await runNode(args, { signal })
  if (code !== 0) throw new Error(`npm pack ended with ${code}: ${stderr.trim().slice(-300)}`)
  const [{ size: tarballBytes, unpackedSize: unpackedBytes, entryCount: files }] = Object.values(
    JSON.parse(stdout),
  )
  return { tarballBytes, unpackedBytes, files }
}

/** The folders of these packages and of all that they need, as Node.js would find them. */
function closure(names) {
  const folders = new Set()
  const visit = (name, from, required) => {
    const folder = findPackage(name, from)
    if (folder === undefined && required) throw new Error(`${name} is not installed below ${from}`)
    if (folder === undefined || folders.has(folder)) return
    folders.add(folder)
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
      manifest(folder)
    for (const dependency of Object.keys(dependencies ?? {}))
      visit(dependency, folder, !(dependency in (optionalDependencies ?? {})))
    for (const dependency of Object.keys(optionalDependencies ?? {}))
      visit(dependency, folder, false)
    // npm installs those that are not optional.
    for (const dependency of Object.keys(peerDependencies ?? {}))
      if (!peerDependenciesMeta?.[dependency]?.optional) visit(dependency, folder, false)
  }
  for (const name of names) visit(name, root, true)
  return folders
}

function findPackage(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name)
    if (existsSync(join(found, 'package.json'))) return found
    if (folder === dirname(folder)) return undefined
  }
}

const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

const size = (folders) => ({
  packages: folders.size,
  bytes: [...folders].reduce((total, folder) => total + bytesBelow(folder), 0),
})

/** Files of one package; those of packages nested in it count as theirs. */
function bytesBelow(folder) {
  return readdirSync(folder).reduce((total, name) => {
    if (name === 'node_modules') return total
    const path = join(folder, name)
    const entry = lstatSync(path)
    return total + (entry.isDirectory() ? bytesBelow(path) : entry.size)
  }, 0)
}
