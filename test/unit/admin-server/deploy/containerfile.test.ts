import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { root } from '../../../types/compile.ts'

type Instruction = { readonly name: string; readonly rest: string }
/** A stage: what it starts from, and its instructions after that. */
type Stage = {
  readonly name: string
  readonly from: string
  readonly steps: readonly Instruction[]
}

function readStages(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: (Stage & { steps: Instruction[] })[] = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    const [, from = '', as = ''] = /^(\S+)(?: AS (\w+))?$/.exec(rest) ?? []
    if (name === 'FROM') stages.push({ name: as, from, steps: [] })
    else stages.at(-1)?.steps.push({ name, rest: rest.trim() })
  }
  return stages
}

const text = readFileSync(join(root, 'examples/admin-server/deploy/Containerfile'), 'utf8')
const stages = readStages(text)
const last = stages.at(-1)
const inLast = (name: string) => (last?.steps ?? []).filter((step) => step.name === name)
const copies = stages.flatMap(({ steps }) => steps.filter(({ name }) => name === 'COPY'))

describe('the container', () => {
  it('is of the oldest Node.js that is supported, by a name without a registry', () => {
    const manifest: { engines: { node: string } } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    )
    const major = /\d+/.exec(manifest.engines.node)?.[0]
    expect(new Set(stages.map(({ from }) => from))).toEqual(new Set([`node:${major}-slim`]))
  })

  it('copies only what is there, and nothing as a whole', () => {
    const sources = copies
      .filter(({ rest }) => !rest.startsWith('--from='))
      .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))
    expect(sources.length).toBeGreaterThan(5)
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([])
    // These hold what a developer has lying around: databases, configurations, packages.
    expect(
      sources.filter((path) => /^(\.|\*|examples|examples\/admin-server)\/?$/.test(path)),
    ).toEqual([])
  })

  it('takes from other stages only what they make', () => {
    const names = stages.map(({ name }) => name)
    const taken = inLast('COPY').flatMap(
      ({ rest }) => /--from=(\w+) (\S+)/.exec(rest)?.slice(1) ?? [],
    )
    expect(taken).toEqual([
      ...['packages', '/app'],
      ...['build', '/app/dist'],
      ...['build', '/app/examples/admin-server/dist'],
    ])
    expect(names).toEqual(expect.arrayContaining(['packages', 'build']))
    const build = readFileSync(join(root, 'tools/build.mjs'), 'utf8')
    expect(build).toContain("join(folder, 'dist')")
  })

  it('runs no scripts of packages, and has no development packages', () => {
    const installs = stages.flatMap(({ name, steps }) =>
      steps.filter(({ rest }) => rest.startsWith('npm ')).map(({ rest }) => ({ name, rest })),
    )
    expect(installs).toHaveLength(2)
    for (const { rest } of installs) expect(rest).toContain('--ignore-scripts')
    const packages = installs.find(({ name }) => name === 'packages')?.rest
    expect(packages).toMatch(/--omit=dev --omit=peer --omit=optional\b/)
    expect(inLast('RUN').filter(({ rest }) => rest.includes('npm'))).toEqual([])
  })

  it('has the lockfile and each manifest that an installation reads', () => {
    const manifests = (stage: string) =>
      stages
        .find(({ name }) => name === stage)
        ?.steps.filter(({ name, rest }) => name === 'COPY' && rest.includes('package'))
        .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))
    const own = ['package.json', 'package-lock.json', 'examples/admin-server/package.json']
    expect(manifests('packages')?.sort()).toEqual([...own].sort())
    expect(manifests('build')?.sort()).toEqual(
      [...own, 'bench/package.json', 'tools/policy-oracle/package.json'].sort(),
    )
  })

  it('runs as a user that cannot change what it runs', () => {
    const users = inLast('USER').map(({ rest }) => rest)
    expect(users).toEqual(['node'])
    const steps = last?.steps ?? []
    const user = steps.findIndex(({ name }) => name === 'USER')
    expect(steps.slice(user).filter(({ name }) => name === 'COPY' || name === 'RUN')).toEqual([])
    for (const { rest } of inLast('COPY')) expect(rest).not.toContain('--chown')
    expect(inLast('RUN').map(({ rest }) => rest)).toEqual([
      'install --directory --owner=node --group=node --mode=0700 /data',
    ])
    expect(inLast('WORKDIR')).toEqual([{ name: 'WORKDIR', rest: '/data' }])
  })

  it('has no secret, and no place for one that ends in a layer', () => {
    const variables = inLast('ENV').map(({ rest }) => rest.split('=')[0])
    expect(variables).toEqual(['NODE_ENV', 'ADMIN_SERVER_CONFIG'])
    expect(stages.flatMap(({ steps }) => steps.filter(({ name }) => name === 'ARG'))).toEqual([])
    expect(text).not.toMatch(/AWS_|DATABASE_URL=|WEBHOOK_SECRET|password|_authToken/i)
  })

  it('starts the program of the build, and stops by the signal that it hears', () => {
    const [entry] = inLast('ENTRYPOINT')
    expect(JSON.parse(entry?.rest ?? '')).toEqual([
      'node',
      '/app/examples/admin-server/dist/main.js',
    ])
    expect(inLast('CMD').map(({ rest }) => rest)).toEqual(['["serve"]'])
    expect(inLast('STOPSIGNAL').map(({ rest }) => rest)).toEqual(['SIGTERM'])
    expect(existsSync(join(root, 'examples/admin-server/src/main.ts'))).toBe(true)
  })

  it.each([
    ['answers', 200, 0],
    ['is not well', 503, 1],
    ['is not there', 0, 1],
  ])('is healthy by its own check when the server %s', async (_, status, exitCode) => {
    const [check] = inLast('HEALTHCHECK')
    const command = /CMD (\[.*\])$/.exec(check?.rest ?? '')?.[1] ?? '[]'
    const [program, ...args]: string[] = JSON.parse(command)
    expect(program).toBe('node')
    await using server = await startHealth(status)
    expect(await server.exitOf(args)).toBe(exitCode)
    expect(server.asked()).toEqual(status === 0 ? [] : ['/healthz'])
  })
})

/** @param status - 0: a port where nobody listens. */
async function startHealth(status: number) {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url)
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  if (status === 0) await close()
  return {
    asked: () => asked,
    async exitOf(args: readonly string[]) {
      const env = { ...process.env, PORT: String(port), NODE_OPTIONS: '' }
      const [code] = await once(spawn(process.execPath, [...args], { env }), 'exit')
      return code
    },
    [Symbol.asyncDispose]: async () => (status === 0 ? undefined : close()),
  }
}
