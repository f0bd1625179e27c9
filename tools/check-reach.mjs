/**
 * Walks the static imports from dist/index.js: loading the root entry must load no vendor SDK, no FCL,
 * and no package besides our own dependencies. @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { importsOf } from './lib/imports.mjs'
import { root } from './lib/paths.mjs'

const entry = join(root, 'dist', 'index.js')
const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const allowed = new Set(Object.keys(dependencies))

/** @type {Map<string, string>} package or built-in module to the first file that imports it */
const reached = new Map()
const files = new Set([entry])
for (const file of files) {
  if (!existsSync(file)) {
    console.error(`${relative(root, file)} does not exist: build first`)
    process.exit(1)
  }
  for (const { specifier, dynamic } of importsOf(readFileSync(file, 'utf8'))) {
    if (dynamic) continue
    if (specifier.startsWith('.')) files.add(resolve(dirname(file), specifier))
    else if (!reached.has(specifier)) reached.set(specifier, relative(root, file))
  }
}

/** `@scope/name/path` and `name/path` to the name of the package. @param {string} specifier */
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const faults = [...reached].filter(
  ([specifier]) => !specifier.startsWith('node:') && !allowed.has(packageOf(specifier)),
)
console.log(
  `dist/index.js reaches ${files.size} files and ${[...reached.keys()].sort().join(', ')}`,
)
for (const [specifier, file] of faults)
  console.error(`${file} imports ${specifier}: not allowed here`)
process.exitCode = faults.length === 0 ? 0 : 1
