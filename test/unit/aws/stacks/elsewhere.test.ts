/** The stacks in the hands of other tools: what is shipped as an example, and told in the documents. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { jest } from '@jest/globals'
import { type StackName, stacks, type Template } from '../../../../src/aws/index.ts'
import { run } from '../../../../src/cli/run.ts'
import { readMarkdown, shellCommands } from '../../../support/markdown.ts'
import { root } from '../../../types/compile.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const page = readMarkdown(read('docs/aws.md'))
const names: readonly StackName[] = [
  'signing-keys',
  'remote-signer',
  'sealed-keys',
  'enclave',
  'admin-server',
  'watch',
]
const blocks = page.blocks.filter(({ language }) => language === 'json')
const code = { bucket: 'our-code', key: 'a.zip' } // which the command fills in
const optionsOf = (name: StackName): object => {
  const given = JSON.parse(blocks[names.indexOf(name)]?.code ?? '')
  return name === 'remote-signer' ? { ...given, code } : given
}

describe('the options of the page on AWS', () => {
  it('are one block for each stack', () => {
    expect(blocks).toHaveLength(names.length)
  })

  it.each(names)('make %s, as the command prints it', async (name) => {
    const world = {
      ...{ env: {}, signal: new AbortController().signal, note: () => undefined },
      stdin: Readable.from([JSON.stringify(optionsOf(name))]),
    }
    const { stdout, exitCode } = await run(['aws', 'template', name, '--options', '-'], world)
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toEqual(stacks[name].build(optionsOf(name)))
    expect(JSON.parse(stdout).Metadata.FclKms.stack).toBe(name)
  })
})

describe('the example of the AWS CDK', () => {
  it('includes the template of the page, and names a resource of it', async () => {
    const included: Template[] = []
    const outputs: unknown[] = []
    const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-cdk-'))
    // CDK itself has 186 MB; what it makes of our templates was compared by hand, see the page.
    jest.unstable_mockModule(
      'aws-cdk-lib',
      () => ({
        App: class {
          readonly outdir = folder
        },
        Stack: class {},
        CfnOutput: class {
          constructor(_: object, __: string, { value }: { value: unknown }) {
            outputs.push(value)
          }
        },
      }),
      { virtual: true },
    )
    jest.unstable_mockModule(
      'aws-cdk-lib/cloudformation-include',
      () => ({
        CfnInclude: class {
          readonly #template: Template
          constructor(_: object, __: string, { templateFile }: { templateFile: string }) {
            this.#template = JSON.parse(readFileSync(templateFile, 'utf8'))
            included.push(this.#template)
          }
          getResource(id: string) {
            if (!(id in this.#template.Resources)) throw new Error(`there is no ${id}`)
            return { getAtt: (name: string) => `${id}.${name}` }
          }
        },
      }),
      { virtual: true },
    )
    await import(join(root, 'examples/aws-stacks/cdk.mjs'))
    rmSync(folder, { recursive: true })
    expect(included).toEqual([stacks['signing-keys'].build(optionsOf('signing-keys'))])
    expect(outputs).toEqual(['KeyMinter.Arn'])
  })
})

describe('the example of Terraform', () => {
  const { resource, output } = JSON.parse(read('examples/aws-stacks/main.tf.json'))
  const { signing_keys: stack } = resource.aws_cloudformation_stack

  it('takes the file that the page has the command write', () => {
    const [, file = ''] =
      /^\$\{file\("\$\{path\.module\}\/([\w.-]+)"\)\}$/.exec(stack.template_body) ?? []
    const shell = page.blocks.filter(({ language }) => language === 'sh').map((one) => one.code)
    const line = shell
      .flatMap((text) => text.split('\n'))
      .find((text) => text.endsWith(` > ${file}`))
    expect(shellCommands(line ?? '')).toEqual([
      ['fcl-kms', 'aws', 'template', 'signing-keys', '--options', 'keys.json'],
    ])
  })

  it('allows roles that have names, and tells an output that the template has', () => {
    expect(stack.capabilities).toEqual(['CAPABILITY_NAMED_IAM'])
    const template = stacks['signing-keys'].build(optionsOf('signing-keys'))
    const [, name = ''] = /outputs\["(\w+)"\]/.exec(output.minter_key_arn.value) ?? []
    expect(template.Outputs).toHaveProperty(name)
  })
})
