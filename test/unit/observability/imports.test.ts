import { readFileSync } from 'node:fs'

type Imports = (source: string) => readonly { readonly specifier: string }[]
const path = new URL('../../../tools/lib/imports.mjs', import.meta.url).href
const { importsOf } = (await import(path)) as { importsOf: Imports } // its JSDoc says so

const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(manifest)

const entry = new URL('../../../src/observability/index.ts', import.meta.url)

/** What a compiler leaves of a source: imports of types alone are gone. */
const withoutTypes = (source: string) =>
  source.replace(/^(import|export) type [^'"]*?from '[^']+'$/gm, '')

/** Packages that loading the entry loads, and how many files it reaches. */
function reach(transform: (source: string) => string) {
  const files = new Set([entry.href])
  const packages = new Set<string>()
  for (const file of files)
    for (const { specifier } of importsOf(transform(readFileSync(new URL(file), 'utf8'))))
      if (specifier.startsWith('.')) files.add(new URL(specifier, file).href)
      else if (!specifier.startsWith('node:')) packages.add(specifier)
  return { packages: [...packages].sort(), files: files.size }
}

describe('the entry', () => {
  it('loads neither prom-client nor OpenTelemetry, only what this package depends on', () => {
    const { packages, files } = reach(withoutTypes)
    const nameOf = (specifier: string) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
    const own = Object.keys(dependencies)
    expect(packages.filter((specifier) => !own.includes(nameOf(specifier) ?? ''))).toEqual([])
    expect(files).toBeGreaterThan(12)
  })

  it('is looked at for real: with its types it names both', () => {
    const { packages } = reach((source) => source)
    expect(packages).toEqual(expect.arrayContaining(['@opentelemetry/api', 'prom-client']))
  })
})
