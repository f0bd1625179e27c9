import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { signerErrorTable } from '../../src/error-codes.ts'
import {
  inspectionPolicy,
  keyPolicy,
  policyFaults,
  signingPolicy,
} from '../../src/provisioning/index.ts'
import { decodeRequest } from '../../src/signers/remote/protocol.ts'
import { decodeReply } from '../../src/signers/remote/protocol-replies.ts'
import {
  compileModules,
  faultOfCommand,
  type MarkdownPage,
  moduleOf,
  readMarkdown,
  shellCommands,
} from '../support/markdown.ts'
import { root } from '../types/compile.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const markdownIn = (folder: string) =>
  readdirSync(join(root, folder)).flatMap((name) =>
    name.endsWith('.md') ? [folder === '.' ? name : `${folder}/${name}`] : [],
  )
const paths = [...markdownIn('.'), ...markdownIn('docs'), 'cadence/README.md']
const pages = new Map(paths.map((path) => [path, readMarkdown(read(path))]))
const page = (path: string): MarkdownPage => {
  const found = pages.get(path)
  if (found === undefined) throw new Error(`there is no ${path}`)
  return found
}
const blocksOf = (languages: RegExp) =>
  paths.flatMap((path) =>
    page(path)
      .blocks.filter(({ language }) => languages.test(language))
      .map((block) => ({ ...block, place: `${path}:${block.line}` })),
  )
const {
  scripts,
  engines,
  exports: entries,
  ...manifest
}: Record<string, Record<string, string>> = JSON.parse(read('package.json'))

describe('code in the documents', () => {
  it('is of a kind that a test checks', () => {
    const others = blocksOf(/^(?!(js|ts|sh|json|cadence)$)/)
    expect(others.map(({ place }) => place)).toEqual([])
  })

  it('compiles under strict, each page as one module of a user', async () => {
    const sources = paths.map((path) => ({ path, code: moduleOf(page(path)) }))
    const misspelt = moduleOf(page('README.md')).replaceAll('authorize(', 'authorise(')
    const broken = { path: 'broken.md', code: misspelt }
    const errors = await compileModules([...sources, broken])
    expect(errors.filter((error) => !error.includes('broken.md'))).toEqual([])
    // The twin: one letter changed, and the same run finds each use of it.
    const uses = broken.code.split('authorise(').length - 1
    expect(errors.filter((error) => error.includes("'authorise'"))).toHaveLength(uses)
  })

  it('of Cadence is in a file that a test runs', () => {
    const files = readdirSync(join(root, 'cadence'), { recursive: true, encoding: 'utf8' })
    const sources = files.filter((name) => name.endsWith('.cdc')).map((n) => read(`cadence/${n}`))
    for (const { code, place } of blocksOf(/^cadence$/))
      expect({ place, found: sources.some((source) => source.includes(code.trim())) }).toEqual({
        place,
        found: true,
      })
  })

  const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
  const keyArns = [keyArn]

  const policyBlocks = () =>
    blocksOf(/^json$/).filter(({ place }) => !/signing-service|aws\.md/.test(place))

  it('of JSON is a policy, as it is generated', () => {
    const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`
    const roles = { signerRoleArn: role('flow-minter'), adminRoleArn: role('key-admin') }
    const policies = policyBlocks()
    expect(policies.map(({ code }) => JSON.parse(code))).toEqual([
      signingPolicy({ keyArns }),
      keyPolicy({ accountId: '111122223333', ...roles }),
      inspectionPolicy({ keyArns }),
    ])
  })

  it('of JSON on the page of the signing service is read by its protocol', () => {
    const blocks = blocksOf(/^json$/).filter(({ place }) => place.includes('signing-service'))
    const kinds = blocks.map(({ code }) => {
      const wire = JSON.parse(code)
      if ('operation' in wire) return decodeRequest(wire).operation
      return decodeReply(wire).refusal?.code ?? 'answer'
    })
    expect(kinds).toEqual(['sign', 'publicKey', 'attest', 'answer', 'POLICY_REFUSED'])
  })

  it.each<[string, string, string]>([
    ['a wider resource', ':key/1234abcd-12ab-34cd-56ef-1234567890ab', ':key/*'],
    ['an alias', 'key/1234abcd-12ab-34cd-56ef-1234567890ab', 'alias/flow-minter'],
    ['a wider action', '"kms:Sign"', '"kms:*"'],
    ['another action', '"kms:GetPublicKey"', '"kms:CreateGrant"'],
    ['no condition', '"Condition"', '"Comment"'],
    ['another type of message', '"DIGEST"', '"RAW"'],
    ['a condition on the algorithm less', '"kms:SigningAlgorithm"', '"kms:KeySpec"'],
    ['everything but', '"Resource"', '"NotResource"'],
  ])('a policy with %s would not pass', (_, text, other) => {
    const [policy] = policyBlocks()
    const changed = policy?.code.replaceAll(text, other) ?? ''
    expect(changed).not.toBe(policy?.code)
    expect(policyFaults(JSON.parse(policy?.code ?? ''), { keyArns })).toEqual([])
    expect(policyFaults(JSON.parse(changed), { keyArns })).not.toEqual([])
  })

  it.each([
    'npm run nothing',
    'npm install left-pad',
    'npm test -- --only nothing',
    'fcl-kms keys destroy',
    'fcl-kms keys create --name alias/a',
    'fcl-kms accounts add-proposal-keys --total',
    'fcl-kms accounts add-proposal-keys many',
    'fcl-kms accounts show 100',
    'npx fcl-kms doctor --key',
    'curl https://example.com',
  ])('the command `%s` would not pass', async (command) => {
    expect(await faultOfCommand(command.split(' '))).not.toBe('')
  })

  it.each(
    blocksOf(/^sh$/).flatMap(({ code, place }) =>
      shellCommands(code).map((words) => ({ place, command: words.join(' '), words })),
    ),
  )('knows the command `$command` ($place)', async ({ words }) => {
    expect(await faultOfCommand(words)).toBe('')
  })
})

describe('the README', () => {
  const readme = read('README.md')

  it('shows the example byte for byte, in 15 lines', () => {
    const [first] = page('README.md').blocks
    expect(first?.code).toBe(read('examples/send-transaction/send-transaction.mjs'))
    expect(first?.code.trimEnd().split('\n').length).toBeLessThanOrEqual(15)
  })

  it('has at most 200 lines and no badges', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(200)
    expect(readme).not.toMatch(/!\[[^\]]*\]\(https?:/)
  })

  it('asks for what the tools ask for', () => {
    const needs = (file: string, pattern: RegExp) => pattern.exec(read(file))?.[1] ?? file
    expect(readme).toContain(`Node.js ${/\d+\.\d+/.exec(engines?.['node'] ?? '')?.[0]} or newer`)
    expect(readme).toContain(`Python ${needs('tools/lib/aws.mjs', /Python (3\.\d+)/)} or newer`)
    expect(readme).toContain(`Go ${needs('tools/lib/emulator.mjs', /Go (1\.\d+)/)} or newer`)
  })

  it('names the versions of FCL that are installed for tests', () => {
    const dependencies = { ...manifest['devDependencies'] }
    const aliases = Object.keys(dependencies).filter((name) => name.startsWith('fcl-'))
    const tested = [dependencies['@onflow/fcl'], ...aliases.map((name) => name.slice(4))]
    const told = page('README.md').rows.flatMap(([cell = '']) => /^1\.\d+\.\d+/.exec(cell) ?? [])
    expect([...told].sort()).toEqual([...tested].sort())
  })

  it('tells which versions of FCL npm takes', () => {
    const range = manifest['peerDependencies']?.['@onflow/fcl']
    expect(readme).toContain(`npm takes \`@onflow/fcl\` \`${range}\` beside this package`)
  })

  it('says of each figure where it comes from', () => {
    const figures = readme.split('\n').filter((line) => /\d (ms|KB|kB|bytes)\b|\$\d/.test(line))
    expect(figures.length).toBeGreaterThan(0)
    for (const line of figures)
      expect(line).toMatch(/`npm run bench` measures|\]\(https:\/\/aws\.amazon\.com/)
  })

  it('leads to every page', () => {
    const linked = page('README.md').links.map((link) => link.replace(/#.*/, ''))
    const missing = paths.filter((path) => path !== 'README.md' && !linked.includes(path))
    expect(missing).toEqual([])
  })
})

describe('the documents', () => {
  it.each(paths)('%s has no link that leads nowhere', (path) => {
    const broken = page(path).links.filter((link) => {
      if (/^https:\/\//.test(link)) return false
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : normalize(join(dirname(path), file))
      if (!existsSync(join(root, target))) return true
      return anchor !== undefined && !pages.get(target)?.anchors.includes(anchor)
    })
    expect(broken).toEqual([])
  })

  /** A built file counts by its source: nothing is built yet when these tests run in a fresh clone. */
  const source = (file: string) => file.replace(/\/dist\/(.+)\.js$/, '/src/$1.ts')

  it.each(paths)('%s names only files, scripts and entries that exist', (path) => {
    const missing = page(path).inline.filter((code) => {
      const [, file] = /^(?:node )?((?:src|test|tools|docs|examples)\/[\w./-]+)$/.exec(code) ?? []
      const [, script] = /^npm run ([\w-]+)/.exec(code) ?? []
      const [, entry] = /^fcl-kms\/([\w/-]+)$/.exec(code) ?? []
      return (
        (file !== undefined && !existsSync(join(root, source(file)))) ||
        (script !== undefined && scripts?.[script] === undefined) ||
        (entry !== undefined && entries?.[`./${entry}`] === undefined)
      )
    })
    expect(missing).toEqual([])
  })

  it.each(paths)('%s holds no path of a machine and no registry', (path) => {
    expect(read(path)).not.toMatch(/\/(work|root|home|Users|tmp)\/|npmjs|unpkg|pypi|proxy\.golang/)
  })

  it('tell every error code with its disposition and facts, in the order of the source', () => {
    const facts = new Map(
      [...read('src/error-codes.ts').matchAll(/^ {2}([A-Z0-9_]+): \{([^}]*)\}$/gm)].map(
        ([, code = '', fields = '']) => [
          code,
          [...fields.matchAll(/(\w+)\??:/g)].map(([, f]) => f),
        ],
      ),
    )
    const rows = page('docs/errors.md').rows.filter(([code = '']) => /^`[A-Z0-9_]+`$/.test(code))
    const told = rows.map(([code = '', disposition, fields = '', meaning = '', remedy = '']) => ({
      code: code.slice(1, -1),
      disposition,
      facts: fields.split(', ').map((field) => field.slice(1, -1)),
      explained: meaning.length > 10 && remedy.length > 10,
    }))
    const expected = Object.entries(signerErrorTable).map(([code, [disposition]]) => ({
      code,
      disposition,
      facts: facts.get(code),
      explained: true,
    }))
    expect(told).toEqual(expected)
  })

  it('give a reason for each dependency, and for no other package', () => {
    const manifests = ['package.json', 'tools/policy-oracle/package.json']
    const names = manifests.flatMap((path) => {
      const own: Record<string, Record<string, string>> = JSON.parse(read(path))
      const kinds = ['dependencies', 'peerDependencies', 'devDependencies']
      return kinds.flatMap((kind) => Object.keys(own[kind] ?? {}))
    })
    const [used = ''] = read('docs/dependencies.md').split('## Refused')
    const told = readMarkdown(used).rows.flatMap(([cell = '']) => readMarkdown(cell).inline)
    expect([...new Set(told)].sort()).toEqual([...new Set(names)].sort())
  })

  it('list the steps of npm test and the folders of src', () => {
    const steps = [...read('tools/test.mjs').matchAll(/\{\s*name: '([\w-]+)'/g)].map(([, n]) => n)
    const cellsOf = (path: string) =>
      page(path).rows.flatMap(([cell = '']) => /^`([\w/-]+)`$/.exec(cell)?.[1] ?? [])
    expect(cellsOf('CONTRIBUTING.md').slice(0, steps.length)).toEqual(steps)
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
    const names = folders.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    expect(cellsOf('docs/architecture.md').sort()).toEqual(names.sort())
  })

  it('have a sentence in the past tense for each change', () => {
    // With empty lines inside the dashes: without them Biome takes the head for a heading.
    const changes = readdirSync(join(root, '.changeset')).filter((name) => name.endsWith('.md'))
    for (const name of changes)
      expect(read(`.changeset/${name}`)).toMatch(
        /^---\n\n"fcl-kms": (patch|minor|major)\n\n---\n\n[A-Z]\w*(ed|de|t) [^\n]+\.\n$/,
      )
  })
})
