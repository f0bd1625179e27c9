/** Every variant of every stack, read by AWS's own schemas of its resources for each Region. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { templateOf, variants, variantsElsewhere } from '../../../support/stack-variants.ts'

/** It lies beside MiniStack in the Python environment of the tools. */
const cfnLint = join(dirname(process.env['FCL_KMS_MINISTACK'] ?? ''), 'cfn-lint')
const isThere = isAbsolute(cfnLint) && existsSync(cfnLint)
if (!isThere)
  process.stderr.write('SKIPPED cfn-lint: it is not beside MiniStack (unset FCL_KMS_MINISTACK)\n')
const describeLinted = isThere ? describe : describe.skip

/** All 46 take four times as long; read once, they gave the same answer. */
const regions =
  'us-east-1 eu-central-1 cn-north-1 cn-northwest-1 us-gov-west-1 us-gov-east-1'.split(' ')

type Finding = readonly [template: string, rule: string, message: string]

/** Errors, warnings and hints; one process for all, since its start is most of the time. */
function lint(given: ReadonlyMap<string, object>): Finding[] {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-lint-'))
  try {
    for (const [name, template] of given)
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(template))
    const files = [...given.keys()].map((name) => `${name}.json`)
    const { stdout, error } = spawnSync(
      cfnLint,
      ['-f', 'json', '-c', 'I', '--regions', ...regions, '--', ...files],
      { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder }, encoding: 'utf8' },
    )
    if (error) throw error
    const found: { Filename: string; Message: string; Rule: { Id: string } }[] = JSON.parse(stdout)
    return found.map(({ Filename, Message, Rule }) => [
      Filename.replace('.json', ''),
      Rule.Id,
      Message,
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Of another partition: those with a kind of resource that none before it has there. */
const seen = new Set<string>()
const newElsewhere = variantsElsewhere.filter(([variant, stack, options]) => {
  const place = variant.replace(/.* in /, '')
  const types = Object.values(templateOf(stack, options).Resources).map(({ Type }) => place + Type)
  const isNew = types.some((type) => !seen.has(type))
  for (const type of types) seen.add(type)
  return isNew
})
const templates: ReadonlyMap<string, object> = new Map(
  [...variants, ...newElsewhere].map(([variant, stack, options]) => [
    variant,
    templateOf(stack, options),
  ]),
)
const [first] = templates.values()
/** The first variant with one thing changed, and the rule that has to see it. */
const mistakes: readonly (readonly [string, RegExp, string, string])[] = [
  ['a misspelt property', /^E3002$/, '"KeyUsage"', '"KeyUse"'],
  ['a value that is none', /^E3030$/, '"ECC_NIST_P256"', '"ECC_NIST_P255"'],
  ['an action that is none', /^W3037$/, '"kms:Sign"', '"kms:Sing"'],
  ['a resource that is none', /^E1010$/, '"KeyPayer","Arn"', '"KeyPayor","Arn"'],
]
const mistaken = mistakes.map(
  ([name, , from, to]) =>
    [name, JSON.parse(JSON.stringify(first).replaceAll(from, to))] as [string, object],
)

describeLinted('cfn-lint', () => {
  let found: readonly Finding[] = []
  beforeAll(() => {
    found = lint(new Map([...templates, ...mistaken]))
  })

  it('finds nothing in any partition but that some Regions have no function URLs', () => {
    const ofOurs = found.filter(([name]) => templates.has(name))
    const noUrls = ofOurs.filter(
      ([name, rule, message]) =>
        name.startsWith('signer by URL') &&
        rule === 'E3006' &&
        message.includes("'AWS::Lambda::Url'"),
    )
    expect(ofOurs.filter((one) => !noUrls.includes(one))).toEqual([])
    expect(noUrls.join()).toContain('us-gov-west-1')
    expect(noUrls.join()).not.toMatch(/us-east-1|eu-central-1/)
  })

  it.each(mistakes)('finds %s', (name, rule) => {
    const rules = found.filter(([of]) => of === name).map(([, id]) => id)
    expect(rules).toContainEqual(expect.stringMatching(rule))
  })
})
