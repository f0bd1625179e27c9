/** What a request has to be before it is stored: known, allowed, valid, and within the rules. @module */

import { isAddressOfChain } from 'fcl-kms/policy'
import type { JsonCadence } from 'fcl-kms/relay'
import { Compile, type Validator } from 'typebox/compile'
import type { Principal } from '../access/principal.ts'
import { findQuorum } from '../approvals/quorum.ts'
import { AdminError, isAdminError } from '../errors.ts'
import type { EnabledFunction } from '../functions/registry.ts'
import type { FunctionTemplate } from '../functions/template.ts'
import { findExcess, findViolation } from '../policy/rules.ts'
import { assertWebhookUrl } from '../webhooks/address-guard.ts'
import type { RequestContext } from './context.ts'
import { argumentTexts, bodyHashOf, digestOf, jobIdOf, requestIdOf } from './intent.ts'

/** What a caller asks for. */
export type AskedRequest = {
  readonly functionName: string
  readonly items: readonly unknown[]
  readonly webhookUrl?: string
  readonly idempotencyKey: string
}

/** Search looks at so many characters of what a request is about. */
const MAX_SEARCH = 2_000
const MAX_SEARCHED_ITEMS = 20

/** @returns A function that throws what `createAcceptor` rejects with, and asks nobody. */
export function createPreparer(
  context: RequestContext,
): (principal: Principal, asked: AskedRequest) => Prepared {
  const { registry } = context
  const validators = new Map<string, Validator>()

  function validatorOf({ template }: EnabledFunction): Validator {
    const known = validators.get(template.name)
    if (known !== undefined) return known
    const made = Compile(template.input)
    validators.set(template.name, made)
    return made
  }

  return (principal, asked) => {
    const { functionName, items, idempotencyKey, webhookUrl } = asked
    const enabled = registry.byName(functionName)
    if (enabled === undefined) throw new AdminError('NOT_FOUND', { function: functionName })
    const { template, cadenceHash, rules } = enabled
    if (!rules.roles.some((role) => principal.roles.has(role)))
      throw new AdminError('FORBIDDEN', { function: functionName, roles: rules.roles })
    if (items.length < 1 || items.length > template.maxItems)
      throw invalid('/items', `it does not hold 1 to ${template.maxItems} items`)
    const validator = validatorOf(enabled)
    for (const [index, item] of items.entries()) assertValid(validator, item, index)
    const { allow } = context.config.webhooks
    const url = webhookUrl === undefined ? null : assertWebhookUrl(webhookUrl, allow)
    const id = requestIdOf(principal.name, idempotencyKey)
    const { network, account } = context.config
    const parts = items.map((item, index) =>
      prepareItem(enabled, network.chainId, item, jobIdOf(id, index), index),
    )
    const amount = parts.reduce((sum, part) => sum + part.amount, 0)
    const excess = findExcess(
      parts.map((part) => part.amount),
      rules,
    )
    if (excess !== undefined) throw new AdminError('POLICY_REFUSED', { reason: excess })
    const digest = digestOf({
      chainId: network.chainId,
      account: account.address,
      requestId: id,
      functionName,
      cadenceHash,
      computeLimit: template.submission.kind === 'single' ? template.submission.computeLimit : null,
      items: parts.map((part) => part.arguments),
    })
    return {
      id,
      function: functionName,
      requester: principal.name,
      idempotencyKey,
      bodyHash: hashOfAsked(asked),
      digest,
      cadenceHash,
      amount,
      webhookUrl: url,
      search: [principal.name, functionName, ...parts.map((part) => part.search)]
        .slice(0, MAX_SEARCHED_ITEMS + 2)
        .join(' ')
        .toLowerCase()
        .slice(0, MAX_SEARCH)
        .replace(/\p{Cs}/u, ''), // half of a character that was cut in two is no text
      state: isReady(context, principal.name, digest) ? 'ready' : 'waiting',
      items: parts,
    }
  }
}

/** The same body has the same hash, whatever the rules say of it today. */
export const hashOfAsked = ({ functionName, items, webhookUrl }: AskedRequest): string =>
  bodyHashOf({ functionName, items, webhookUrl: webhookUrl ?? null })

type PreparedItem = {
  readonly jobId: string
  readonly arguments: readonly string[]
  readonly amount: number
  readonly search: string
}

/** A request that may be stored. */
export type Prepared = {
  readonly id: string
  readonly function: string
  readonly requester: string
  readonly idempotencyKey: string
  readonly bodyHash: string
  readonly digest: string
  readonly cadenceHash: string
  readonly amount: number
  readonly webhookUrl: string | null
  readonly search: string
  readonly state: 'ready' | 'waiting'
  readonly items: readonly PreparedItem[]
}

function prepareItem(
  { template, rules }: EnabledFunction,
  chainId: string,
  input: unknown,
  jobId: string,
  index: number,
): PreparedItem {
  const values = argumentsOf(template, input, jobId, index)
  const inspection = template.inspect(values)
  // An address carries parity by chain: people should not approve what the chain will refuse.
  const foreign = inspection.recipients.find((address) => !isAddressOfChain(address, chainId))
  if (foreign !== undefined)
    throw invalid(
      `/items/${index}${pointerTo(foreign, input) ?? ''}`,
      `it is no address of ${chainId}: it is of another network, or a digit is wrong`,
    )
  const violation = findViolation(inspection, rules)
  if (violation !== undefined)
    throw new AdminError('POLICY_REFUSED', { item: index, reason: violation })
  return {
    jobId,
    arguments: argumentTexts(values),
    amount: inspection.amount,
    search: index < MAX_SEARCHED_ITEMS ? template.titleOf(values) : '',
  }
}

/** @returns The JSON pointer of a text within a value, if it is there. */
function pointerTo(text: string, value: unknown): string | undefined {
  if (value === text) return ''
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, inner] of Object.entries(value)) {
    const below = pointerTo(text, inner)
    if (below !== undefined) return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}${below}`
  }
  return undefined
}

/** A template points into its item; the caller is pointed into what was sent. */
function argumentsOf(
  template: FunctionTemplate,
  input: unknown,
  jobId: string,
  index: number,
): readonly JsonCadence[] {
  try {
    return template.toArguments(input, jobId)
  } catch (thrown) {
    const [first] = isAdminError(thrown, 'INVALID_REQUEST') ? listOf(thrown.facts['errors']) : []
    if (first === undefined) throw thrown
    throw invalid(`/items/${index}${first.field}`, first.detail)
  }
}

// What `refuse` of functions/input.ts throws.
const listOf = (errors: unknown) =>
  errors as readonly { readonly field: string; readonly detail: string }[]

function assertValid(validator: Validator, item: unknown, index: number): void {
  if (validator.Check(item)) return
  const [first] = validator.Errors(item)
  throw invalid(`/items/${index}${first?.instancePath ?? ''}`, first?.message ?? 'it is not valid')
}

const invalid = (pointer: string, detail: string) =>
  new AdminError('INVALID_REQUEST', { errors: [{ in: 'body', pointer, detail }] })

/** Whether the automatic keys are enough. Only what was read before is asked: deciding comes later. */
function isReady({ accountKeys }: RequestContext, requester: string, digest: string): boolean {
  const keys = accountKeys.last()
  return findQuorum({ keys, approvals: [], requester, digest, now: Date.now() }).met
}
