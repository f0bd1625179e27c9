/**
 * The part of IAM's evaluation that policies of keys use: an explicit Deny wins, else an Allow (or a
 * grant) is enough. Written from AWS's documents and not from the linter, which it judges.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * @module
 */

/** One call, as AWS sees it. */
export type PolicyRequest = {
  /** Of a role, or of the root user; undefined when nobody signed the request. */
  readonly principalArn?: string
  readonly action: string
  /** The key. */
  readonly resource: string
  /** Condition keys and values; a key that the call does not have is left out. */
  readonly context: Readonly<Record<string, string>>
  /** Whether a grant allows it. */
  readonly granted?: boolean
}

type Statement = Readonly<Record<string, unknown>>

/** @param document - A policy. `kind`: in a key policy `*` is the key, and principals count. */
export function isAllowed(
  document: { readonly Statement?: unknown },
  request: PolicyRequest,
  kind: 'iam' | 'key',
): boolean {
  const statements = list(document.Statement).filter((statement): statement is Statement =>
    Boolean(statement),
  )
  const applies = (effect: string) =>
    statements.some(
      (statement) => statement['Effect'] === effect && isAbout(statement, request, kind),
    )
  return !applies('Deny') && (applies('Allow') || request.granted === true)
}

function isAbout(statement: Statement, request: PolicyRequest, kind: 'iam' | 'key'): boolean {
  const { principalArn, action, resource, context } = request
  const principals: PolicyRequest['context'] =
    principalArn === undefined
      ? {}
      : {
          'aws:PrincipalArn': principalArn,
          'aws:PrincipalType': principalArn.endsWith(':root') ? 'Account' : 'AssumedRole',
        }
  return (
    (kind === 'iam' || concerns(statement, principalArn)) &&
    matchesEither(statement, 'Action', action.toLowerCase(), (text) => text.toLowerCase()) &&
    matchesEither(statement, 'Resource', resource, (text) => text) &&
    holds(statement['Condition'], { ...context, ...principals })
  )
}

/** An account as principal stands for all in it, since its IAM policies may let them in. */
function concerns(statement: Statement, principalArn: string | undefined): boolean {
  if (statement['NotPrincipal'] !== undefined) return true
  const principal = statement['Principal']
  if (principal === '*') return true
  if (typeof principal !== 'object' || principal === null) return false
  const names = Object.values(principal).flatMap(list).map(String)
  return names.some((name) => {
    if (name === '*') return true
    const [, account] = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(name) ?? []
    return account === undefined
      ? name === principalArn
      : principalArn?.includes(`::${account}:`) === true
  })
}

function matchesEither(
  statement: Statement,
  name: string,
  value: string,
  fold: (text: string) => string,
): boolean {
  const matches = (patterns: unknown) =>
    list(patterns).some((pattern) => like(fold(String(pattern)), value))
  const not = statement[`Not${name}`]
  return not === undefined ? matches(statement[name]) : !matches(not)
}

/** All operators and keys must hold. */
function holds(condition: unknown, context: PolicyRequest['context']): boolean {
  return entries(condition).every(([operator, keys]) =>
    entries(keys).every(([key, values]) => {
      const name = Object.keys(context).find((own) => own.toLowerCase() === key.toLowerCase())
      return test(operator, name === undefined ? undefined : context[name], list(values))
    }),
  )
}

function test(operator: string, value: string | undefined, values: readonly unknown[]): boolean {
  const [, set = '', base = '', ifExists] =
    /^(ForA(?:ny|ll)Values?:)?(\w+?)(IfExists)?$/.exec(operator) ?? []
  const wild = base !== 'StringEquals' && base !== 'StringNotEquals' // the ARN operators are all wild
  const found = values.some((one) =>
    wild ? like(String(one), value ?? '') : String(one) === value,
  )
  if (base === 'Null') return values.map(String).includes(String(value === undefined))
  if (value === undefined)
    return base.includes('Not') || ifExists !== undefined || set === 'ForAllValues:'
  return base.includes('Not') ? !found : found
}

function like(pattern: string, value: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(value)
}

const list = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

const entries = (value: unknown): readonly [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []
