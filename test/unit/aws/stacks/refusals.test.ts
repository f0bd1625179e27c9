/** What each stack refuses: a typed error that names the option, says what is wrong and what is right. */
import type { StackName } from '../../../../src/aws/index.ts'
import type { SignerError } from '../../../../src/errors.ts'
import { KEY, templateOf, variants } from '../../../support/stack-variants.ts'

type Path = readonly (string | number)[]

/** Every place below the options, objects first. */
const pathsOf = (value: unknown, path: Path = []): Path[] =>
  typeof value !== 'object' || value === null
    ? [path]
    : [path, ...Object.entries(value).flatMap(([name, one]) => pathsOf(one, [...path, name]))]

function changed(value: unknown, [name, ...rest]: Path, to: unknown): unknown {
  if (name === undefined) return to
  if (Array.isArray(value))
    return value.map((one, index) => (String(index) === name ? changed(one, rest, to) : one))
  const fields = value as Record<string, unknown> // of a path that `pathsOf` found
  return { ...fields, [name]: changed(fields[name], rest, to) }
}

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((place, name) => (place as Record<string, unknown>)[name], value)

const odd = [null, true, -1, 0.5, 1e9, '', ' ', 'a\nb', '*', 'arn:aws:iam::*:role/*', [], [[]], {}]

const refusalOf = (stack: StackName, options: unknown) => {
  try {
    templateOf(stack, options as object)
    return undefined
  } catch (thrown) {
    return thrown as SignerError // checked by each test
  }
}

const needed: Readonly<Record<StackName, readonly string[]>> = {
  'signing-keys': ['environment', 'adminRoleArn', 'signer', 'keys'],
  'remote-signer': ['environment', 'keyArn', 'code', 'callerRoleArns'],
  'sealed-keys': ['environment', 'adminRoleArn', 'roleName', 'service'],
  enclave: [
    ...['environment', 'adminRoleArn', 'proposerRoleArn', 'roleName', 'enclaveName', 'images'],
    ...['records', 'amiId', 'callers', 'network'],
  ],
  'admin-server': [
    ...['environment', 'keyArns', 'roleName', 'service', 'secrets', 'vpcId', 'subnetIds'],
    ...['routeTableIds', 'balancerSecurityGroupId', 'database', 'auditDays'],
  ],
  watch: [
    ...['environment', 'keyArns', 'signerRoleArns', 'adminRoleArn'],
    'expectedSignsPerFiveMinutes',
  ],
}

const json = (value: unknown) => JSON.parse(JSON.stringify(value))
const named = variants.map(([name, stack, options]) => [name, stack, json(options)] as const)

/** Of the odd values: what an option may be all the same. */
function mayBe(path: Path, value: unknown): boolean {
  const place = path.join('.')
  if (value === true)
    return /^(describe|document.key|keyPairsOfKms|ledger|pkcs11|reconciliation|roleExists|trail)$/.test(
      place,
    )
  if (place === 'code.key') return value === '*'
  if (place === 'emails') return Array.isArray(value) && value.length === 0
  // What a signer may sign is read by the signer, which is in the archive.
  return place.startsWith('document.') || (place === 'document' && isObject(value))
}

const isObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

describe.each(named)('%s, the stack %s', (_, stack, options) => {
  it('refuses what is no value of an option by a typed error, and takes all else', () => {
    const asked = pathsOf(options).flatMap((path) => odd.map((value) => [path, value] as const))
    const found = asked.map(([path, value]) => {
      const error = refusalOf(stack, changed(options, path, value))
      return [path.join('.'), value, error?.code ?? String(error)]
    })
    const code = expect.stringMatching(/^INVALID_(OPTION|KEY_ID)$/)
    expect(found).toEqual(
      asked.map(([path, value]) => [
        path.join('.'),
        value,
        mayBe(path, value) ? 'undefined' : code,
      ]),
    )
  })

  it('refuses a field that it does not know, wherever it stands', () => {
    const objects = pathsOf(options).filter(
      (path) => isObject(at(options, path)) && path[0] !== 'document',
    )
    const refused = objects.map((path) => {
      const error = refusalOf(stack, changed(options, [...path, 'keyArm'], KEY))
      return [path.join('.'), error?.code, error?.context]
    })
    const context = {
      option: 'keyArm',
      reason: expect.stringMatching(/^it is unknown; known are /),
    }
    expect(refused).toEqual(objects.map((path) => [path.join('.'), 'INVALID_OPTION', context]))
  })

  it('refuses to be without an option that has no default', () => {
    const codes = needed[stack].map((option) => {
      const { [option]: _, ...rest } = options
      return [option, refusalOf(stack, rest)?.code]
    })
    const code = expect.stringMatching(/^INVALID_(OPTION|KEY_ID)$/)
    expect(codes).toEqual(needed[stack].map((option) => [option, code]))
  })
})
