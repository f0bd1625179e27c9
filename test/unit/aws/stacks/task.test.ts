/** The container as the task definition starts it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../../../../examples/admin-server/src/config/environment.ts'
import { build, properties } from '../../../support/template-parts.ts'
import { root } from '../../../types/compile.ts'
import { good, load } from '../../admin-server/config/support.ts'

type Named = { readonly Name: string }
type Container = {
  readonly Environment: readonly (Named & { readonly Value: string })[]
  readonly Secrets: readonly Named[]
  readonly PortMappings: readonly { readonly ContainerPort: number }[]
  readonly HealthCheck: { readonly Command: readonly string[] }
}
const task = properties(build('admin server with a task'), 'TaskDefinition')
const [container] = task['ContainerDefinitions'] as unknown as [Container] // of our template
const containerfile = (name: string) =>
  readFileSync(join(root, 'examples/admin-server/deploy', name), 'utf8')

const secrets: Environment = {
  DATABASE_URL: 'postgresql://server:pass@database.example.com/mint?sslmode=verify-full',
  WEBHOOK_SECRET: '0123456789abcdef0123456789abcdef-s',
}
const environment: Environment = {
  ...Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, Value])),
  ...Object.fromEntries(container.Secrets.map(({ Name }) => [Name, secrets[Name]])),
}
/** What is in the image. */
const settings = () => ({
  ...good(),
  webhooks: { allow: [] },
  http: { trustedProxies: ['10.0.1.0/24'] },
})

describe('the admin server in a task', () => {
  it('takes its configuration and the variables of the task, and has no mistake', () => {
    const { config, warnings } = load(settings(), { environment })
    expect(warnings).toEqual([])
    expect(config).toMatchObject({
      aws: { region: 'eu-central-1' },
      database: { url: secrets['DATABASE_URL'] },
      http: { host: '0.0.0.0', port: 8080, publicUrl: 'https://mint.example.com' },
    })
  })

  it('would be reached by nobody without its HOST', () => {
    const { HOST: _, ...others } = environment
    expect(load(settings(), { environment: others }).config.http.host).toBe('127.0.0.1')
  })

  it('would not start without its PUBLIC_URL', () => {
    const { PUBLIC_URL: _, ...others } = environment
    expect(() => load(settings(), { environment: others })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
    )
  })

  it('is asked whether it is well as its image says, at the port that its image says', () => {
    const text = containerfile('Containerfile')
    const check: unknown = JSON.parse(/^ {2}CMD (\[.*\])$/m.exec(text)?.[1] ?? '')
    expect(container.HealthCheck.Command).toEqual(['CMD', ...(check as readonly string[])]) // a list of texts
    const [port] = container.PortMappings
    expect(text).toContain(`EXPOSE ${port?.ContainerPort}\n`)
  })

  it('finds its configuration where its image looks, and trusts a database by its certificates', () => {
    const image = containerfile('aws.Containerfile')
    const [, path] = /ADMIN_SERVER_CONFIG=(\S+)/.exec(containerfile('Containerfile')) ?? []
    expect(image).toContain(`COPY admin-server.json ${path}\n`)
    const [, trusted] = /NODE_EXTRA_CA_CERTS=(\S+)/.exec(image) ?? []
    expect(image).toContain(`COPY global-bundle.pem ${trusted}\n`)
    expect(image).not.toMatch(/AWS_|DATABASE_URL=|SECRET/)
  })
})
