import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from '@swc/core'
import { signRequest } from '../../../../examples/admin-server/src/access/request-signature.ts'
import {
  signWebhook,
  webhookKey,
} from '../../../../examples/admin-server/src/webhooks/signature.ts'
import { readMarkdown, shellCommands } from '../../../support/markdown.ts'
import { root } from '../../../types/compile.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const admin = 'examples/admin-server'
const guide = readMarkdown(read('docs/admin-server.md'))
const runbook = readMarkdown(read('docs/runbook.md'))
const readme = readMarkdown(read(`${admin}/README.md`))
const pages = Object.entries({ guide, runbook, readme })
const sourceOf = (path: string) => read(`${admin}/src/${path}`)

describe('the commands in the documents', () => {
  const usage = /const usage = `([^`]*)`/.exec(sourceOf('main.ts'))?.[1] ?? ''
  const known = usage.split('\n').flatMap((line) => {
    const [, words] = /^ {2}main\.js (?:\[serve\] )?((?:[a-z]+ ?)*)/.exec(line) ?? []
    return words === undefined ? [] : [words.trim()]
  })
  const options = new Set([...usage.matchAll(/--[a-z]+/g)].map(([option]) => option))
  const fault = (words: readonly string[]) => {
    const first = words.findIndex((word) => word.startsWith('--') || /^[A-Z]+$|\./.test(word))
    const name = (first === -1 ? words : words.slice(0, first)).join(' ').replace(/^serve ?/, '')
    const wrong = words.filter((word) => word.startsWith('--') && !options.has(word))
    return known.includes(name) ? wrong.join(' ') : `there is no ${name}`
  }
  const inline = pages.flatMap(([, { inline: texts }]) =>
    texts.flatMap((text) => (text.startsWith('main.js ') ? [text.slice(8)] : [])),
  )
  const blocks = readme.blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => shellCommands(code))
  const ours = blocks.flatMap((words) =>
    words[1]?.endsWith('dist/main.js') ? [words.slice(2).join(' ')] : [],
  )

  it.each([...new Set([...inline, ...ours])])('%s is one of its usage', (command) => {
    expect(fault(command.split(' '))).toBe('')
  })

  it.each(['tokens destroy', 'audit verify --all', 'serve --port 80'])(
    '%s would not pass',
    (one) => {
      expect(fault(one.split(' '))).not.toBe('')
    },
  )

  it('in blocks are of programs that a test knows', () => {
    const programs = new Set(blocks.map(([program]) => program))
    expect([...programs].sort()).toEqual(['curl', 'node', 'npm', 'podman'])
  })
})

describe('the calls in the documents', () => {
  // Paths are made of a first part and templates: a call is known when some route has its shape.
  const sources = readdirSync(join(root, admin, 'src/http/routes')).map((name) =>
    sourceOf(`http/routes/${name}`),
  )
  const text = `${sources.join('\n')}\n${sourceOf('http/openapi.ts')}`
    .replace(/`\$\{path\}([^`]*)`/g, "'/v1/mints$1' '/v1/requests$1'")
    .replace(/`\/v1\/\$\{kind\}`/g, "'/v1/pause' '/v1/resume'")
  const routes = new Set(
    [...text.matchAll(/'(\/[a-z0-9/:.-]*)'/gi)].map(([, path = '']) => path.replace(/:\w+/g, '{}')),
  )
  const shapeOf = (path: string) =>
    path
      .replace(/\?.*/, '')
      .replace(/\$?\{[\w.]+\}|rq_0{32}/g, '{}')
      .replace(/\/items\/0\//, '/items/{}/')
  const calls = pages.flatMap(([, { inline, blocks }]) => [
    ...inline.flatMap((one) => [...(/^(?:GET|POST|DELETE) (\/\S+)$/.exec(one) ?? [])].slice(1)),
    ...blocks.flatMap(({ code }) =>
      [...code.matchAll(/(?:call\('\w+', |resolve = |8080)['"`]?(\/[^'"`\s]+)/g)].map(
        ([, path = '']) => path,
      ),
    ),
  ])

  it.each([...new Set(calls)])('%s is of a route', (path) => {
    expect([...routes]).toContain(shapeOf(path))
  })

  it('would not pass by another path', () => {
    expect([...routes]).not.toContain(shapeOf('/v1/nothing'))
  })
})

describe('the examples in the guide', () => {
  const blockWith = (name: string) =>
    guide.blocks.find(({ code }) => code.includes(`function ${name}(`))?.code ?? ''
  /** The function as it stands there, without what the page does with it. */
  const functionOf = async (name: string) => {
    const block = blockWith(name)
    const end = block.indexOf('\n}\n') + 3
    const imports = "import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'\n"
    const own = block.slice(0, end).replace(/^import .* from 'node:crypto'\n/m, '')
    const more = own.includes('timingSafeEqual')
      ? "import { timingSafeEqual } from 'node:crypto'\n"
      : ''
    const { code } = transformSync(`${imports}${more}${own}\nexport { ${name} }`, {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
    })
    const module: Record<string, (...args: readonly unknown[]) => unknown> = await import(
      `data:text/javascript,${encodeURIComponent(code)}`
    )
    const found = module[name]
    if (found === undefined) throw new Error(`the guide has no ${name}`)
    return found
  }

  it('sign a request as the server does', async () => {
    const sign = await functionOf('signatureHeaders')
    const bearer = `fka_${'a'.repeat(42)}A`
    // It has the shape that its block says, which the compiler has checked.
    const headers = sign(bearer, 'POST', '/v1/pause?x=1', '{"reason":"é"}') as Record<
      string,
      string
    >
    const expected = signRequest(
      bearer,
      { method: 'POST', target: '/v1/pause?x=1', body: '{"reason":"é"}' },
      {
        now: Number(headers['x-request-timestamp']) * 1_000,
        nonce: headers['x-request-nonce'] ?? '',
      },
    )
    expect(headers['x-request-signature']).toBe(expected['X-Request-Signature'])
  })

  it('believe a webhook of the server, and none that was changed, is old, or is of another', async () => {
    const verify = await functionOf('isFromAdminServer')
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const now = Math.floor(Date.now() / 1_000)
    const signed = (seconds: number) =>
      new Headers(signWebhook(webhookKey(secret), { id: 'wh_1', seconds, body: '{"a":1}' }))
    expect(verify(signed(now), '{"a":1}', secret)).toBe(true)
    expect(verify(signed(now), '{"a":2}', secret)).toBe(false)
    expect(verify(signed(now - 301), '{"a":1}', secret)).toBe(false)
    expect(verify(signed(now), '{"a":1}', `whsec_${Buffer.alloc(32, 8).toString('base64')}`)).toBe(
      false,
    )
    expect(verify(new Headers(), '{"a":1}', secret)).toBe(false)
  })
})

describe('the limits in the guide', () => {
  const cell = (what: string) =>
    (guide.rows.find(([first]) => first === what) ?? []).slice(1).join(' | ')
  const digits = (text: string) => text.replace(/(\d)[,_](?=\d{3})/g, '$1')

  it.each<[what: string, file: string, pattern: RegExp]>([
    ['connections', 'config/schema.ts', /maxConnections: whole\(1, [\d_]+, '', ([\d_]+)\)/],
    [
      'connections',
      'config/schema.ts',
      /maxConnectionsPerAddress: whole\(1, [\d_]+, '', ([\d_]+)\)/,
    ],
    ['calls a second', 'config/schema.ts', /token: whole\(1, [\d_]+, '', ([\d_]+)\)/],
    ['calls a second', 'config/schema.ts', /address: whole\(1, [\d_]+, '', ([\d_]+)\)/],
    ['calls a second', 'config/schema.ts', /all: whole\(1, [\d_]+, '', ([\d_]+)\)/],
    ['refused credentials', 'access/limits.ts', /FAILURES_PER_MINUTE = (\d+)/],
    ['event streams', 'http/routes/events.ts', /MAX_STREAMS = (\d+)/],
    ['event streams', 'http/routes/events.ts', /MAX_OF_ONE = (\d+)/],
    ['connections to PostgreSQL', 'database/database.ts', /CONNECTIONS = (\d+)/],
    ['calls to KMS', 'config/schema.ts', /kmsRequestsPerSecond: whole\(1, [\d_]+, '', ([\d_]+)\)/],
    [
      'sends to an access node',
      'config/schema.ts',
      /sendsPerSecond: whole\(1, [\d_]+, '', ([\d_]+)\)/,
    ],
    ['jobs that wait', 'config/schema.ts', /maxOpenJobs: whole\(1, [\d_]+, '', ([\d_]+)\)/],
    ['webhooks', 'webhooks/deliver.ts', /concurrency = (\d+)/],
    ['webhooks', 'webhooks/deliver.ts', /perOrigin = (\d+)/],
    ['webhooks', 'webhooks/attempt.ts', /attempts: (\d+) \}/],
    ['headers', 'http/transport.ts', /MAX_HEADERS = (\d+)/],
    ['headers', 'http/server.ts', /MAX_HEADER_SIZE = (\d+) \* 1024/],
    ['body', 'http/server.ts', / BODY_LIMIT = (\d+) \* 1024/],
    ['body', 'http/server.ts', /TEXT_BODY_LIMIT = (\d+) \* 1024/],
    ['body', 'http/server.ts', /LARGE_BODY_LIMIT = (\d+) \* 1024 \* 1024/],
  ])('names the limits that the code has: %s of %s', (what, file, pattern) => {
    const [, found = 'nothing'] = pattern.exec(sourceOf(file)) ?? []
    expect(digits(cell(what))).toMatch(new RegExp(`\\b${digits(found)}\\b`))
  })

  it('names the times that the code has', () => {
    const seconds = [...sourceOf('http/server.ts').matchAll(/(headers|request|idle)Ms: ([\d_]+),/g)]
    const text = seconds
      .map(([, , ms = '']) => `${Number(ms.replaceAll('_', '')) / 1_000} s`)
      .join(', ')
    expect(cell('headers, request, idle').split(' | ')[0]).toBe(text)
  })
})

describe('the dependencies of the admin server', () => {
  it('have a reason each', () => {
    const manifest: Record<string, Record<string, string>> = JSON.parse(
      read(`${admin}/package.json`),
    )
    const names = ['dependencies', 'devDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    )
    const [, told = ''] = read('docs/dependencies.md').split('## Of the admin server')
    const cells = readMarkdown(told).rows.flatMap(([first = '']) => readMarkdown(first).inline)
    expect([...cells].sort()).toEqual([...names].sort())
  })
})
