import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { compile, emitDeclarations, root } from '../types/compile.ts'

const projects = `${root}test/types/projects`
const names = readdirSync(projects, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

/** What is not ours to declare: FCL 1.21.11 names declarations that its package does not hold. */
const expected: Readonly<Record<string, readonly RegExp[]>> = {
  'fcl-latest': [/fcl-latest\/main\.ts\(2,22\): error TS7016: .*'@onflow\/fcl'/],
}

beforeAll(() => emitDeclarations())

describe('a project of a user, compiled under strict', () => {
  it('exists for each kind of declarations that FCL has', () => {
    expect(names).toEqual(['fcl-1.21.9', 'fcl-latest', 'fcl-latest-declared', 'sdk'])
  })

  it.each(names)('%s', async (name) => {
    const errors = (expected[name] ?? []).map((pattern) => expect.stringMatching(pattern))
    expect(await compile(`${projects}/${name}`)).toEqual(errors)
  })

  it('is checked for real: without its directives each wrong twin is an error', async () => {
    const { directives, errors } = await withoutDirectives('fcl-1.21.9', 'refuses.ts')
    expect(directives).toBeGreaterThan(15)
    expect(errors).toBe(directives)
  })
})

/** Compiles a copy of one file with its `@ts-expect-error` lines turned into plain comments. */
async function withoutDirectives(name: string, file: string) {
  const folder = await mkdtemp(`${root}node_modules/.cache/fcl-kms/twins-`)
  try {
    const source = readFileSync(`${projects}/${name}/${file}`, 'utf8')
    const config = readFileSync(`${projects}/${name}/tsconfig.json`, 'utf8')
    await writeFile(`${folder}/${file}`, source.replaceAll('@ts-expect-error', ''))
    const moved = config
      .replace('"../tsconfig.user.json"', `"${projects}/tsconfig.user.json"`)
      .replaceAll('"../../../../node_modules/', `"${root}node_modules/`)
    await writeFile(`${folder}/tsconfig.json`, moved)
    const lines = (await compile(folder)).map((line) => /\((\d+),/.exec(line)?.[1])
    return { directives: source.split('@ts-expect-error').length - 1, errors: new Set(lines).size }
  } finally {
    await rm(folder, { recursive: true })
  }
}
