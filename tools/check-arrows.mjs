/** Fails on an import in src that points against the order of the folders, or in a circle. @module */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { importsOf } from './lib/imports.mjs'
import { root } from './lib/paths.mjs'

/** What each folder may import, apart from itself. See the layout in docs/architecture.md. */
const base = [
  'error-codes',
  'errors',
  'options',
  'deadline',
  'retry',
  'serial',
  'loop',
  'observers',
  'kms-key-id',
]
const crypto = base
const flow = ['crypto', ...base]
const signers = ['stores', 'crypto', ...base]
const policy = ['crypto', ...base]
const authorizer = ['signers', 'flow', 'policy', 'crypto', ...base]
const transactions = ['authorizer', ...authorizer]
const stores = ['crypto', ...base]
const proposalKeys = ['authorizer', 'stores', ...authorizer]
const relay = ['proposal-keys', ...proposalKeys]
const aws = base
const remoteSignerLambda = ['signing-service', 'policy', 'signers', 'stores', 'crypto', ...base]
const provisioning = [
  'remote-signer-lambda',
  'transactions',
  'reconciliation',
  'authorizer',
  'aws',
  ...remoteSignerLambda,
  'flow',
]
/** @type {Record<string, readonly string[]>} */
const allowed = {
  'error-codes': [],
  errors: ['error-codes'],
  options: ['errors'],
  deadline: ['errors'],
  retry: ['errors', 'deadline'],
  observers: [],
  'kms-key-id': ['errors'],
  serial: [],
  loop: ['deadline'],
  crypto,
  flow,
  signers,
  policy,
  authorizer,
  transactions,
  stores,
  'signing-service': ['signers', 'policy', 'stores', 'crypto', ...base],
  'remote-signer-lambda': remoteSignerLambda,
  'proposal-keys': proposalKeys,
  relay,
  observability: ['enclave', 'signing-service', 'relay', ...relay],
  aws,
  provisioning,
  enclave: ['signing-service', 'policy', 'signers', 'stores', 'crypto', ...base],
  reconciliation: ['signers', ...base],
  testing: ['signers', 'flow', 'crypto', ...base],
  cli: ['enclave', 'provisioning', ...provisioning],
  index: ['authorizer', 'signers', 'crypto', ...base],
}

const src = join(root, 'src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join(src, file))
const graph = new Map(
  files.map((file) => [
    file,
    importsOf(readFileSync(file, 'utf8'))
      .map(({ specifier }) => specifier)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => resolve(dirname(file), specifier)),
  ]),
)

/** The folder in src, or the name of a file that lies in src itself. @param {string} file */
const partOf = (file) => relative(src, file).split(sep)[0]?.replace(/\.ts$/, '') ?? ''
const nameOf = (/** @type {string} */ file) => relative(root, file)

const faults = []
for (const [file, targets] of graph) {
  const from = partOf(file)
  if (!allowed[from]) faults.push(`${nameOf(file)}: ${from} has no place in the order`)
  for (const target of targets) {
    const to = partOf(target)
    if (!graph.has(target)) faults.push(`${nameOf(file)} imports ${nameOf(target)}: no such file`)
    else if (from !== to && !allowed[from]?.includes(to))
      faults.push(`${nameOf(file)} imports ${nameOf(target)}: ${from} may not know ${to}`)
  }
}

/** @type {Map<string, 'open' | 'done'>} */
const visited = new Map()
/** @param {string} file @param {readonly string[]} path */
function findCircle(file, path) {
  if (visited.get(file) === 'open')
    faults.push(`circle: ${[...path.slice(path.indexOf(file)), file].map(nameOf).join(' → ')}`)
  if (visited.has(file)) return
  visited.set(file, 'open')
  for (const target of graph.get(file) ?? []) findCircle(target, [...path, file])
  visited.set(file, 'done')
}
for (const file of graph.keys()) findCircle(file, [])

for (const fault of new Set(faults)) console.error(fault)
if (files.length === 0) console.error('no file found in src')
const count = [...graph.values()].flat().length
console.log(`${files.length} files, ${count} imports, ${faults.length} against the order`)
process.exitCode = faults.length === 0 && files.length > 0 ? 0 : 1
