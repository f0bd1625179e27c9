/** Takes requests in: stored, audited and durable before anybody is told so. @module */

import type { JsonCadence } from 'fcl-kms/relay'
import { Compile, type Validator } from 'typebox/compile'
import type { Principal } from '../access/principal.ts'
import { findQuorum } from '../approvals/quorum.ts'
import type { AuditEntry } from '../audit/audit.ts'
import { coalesce } from '../database/coalesce.ts'
import type { Session } from '../database/database.ts'
import { AdminError, isAdminError } from '../errors.ts'
import type { EnabledFunction } from '../functions/registry.ts'
import type { FunctionTemplate } from '../functions/template.ts'
import { findExcess, findViolation } from '../policy/rules.ts'
import { assertWebhookUrl } from '../webhooks/address-guard.ts'
import type { RequestContext } from './context.ts'
import { argumentTexts, bodyHashOf, digestOf, jobIdOf, requestIdOf } from './intent.ts'
import { type RequestRow, requestColumns } from './rows.ts'

/** What a caller asks for. */
export type AskedRequest = {
  readonly functionName: string
  readonly items: readonly unknown[]
  readonly webhookUrl?: string
  readonly idempotencyKey: string
}

/** The request as it stands, and whether this call made it. */
export type Accepted = { readonly row: RequestRow; readonly created: boolean }

/** Takes one request in. See `createAcceptor`. */
export type Accept = (principal: Principal, asked: AskedRequest) => Promise<Accepted>

/** Requests that are stored in one commit: they share one turn at the end of the audit chain. */
const MAX_STEP = 200
/** Search looks at so many characters of what a request is about. */
const MAX_SEARCH = 2_000
const MAX_SEARCHED_ITEMS = 20

/**
 * @returns A function that resolves when the request is durable. Rejects with `NOT_FOUND`,
 * `FORBIDDEN`, `INVALID_REQUEST`, `POLICY_REFUSED`, `IDEMPOTENCY_KEY_REUSED`,
 * `DATABASE_UNAVAILABLE`.
 */
export function createAcceptor(context: RequestContext): Accept {
  const { database, audit, registry, onChanged } = context
  const validators = new Map<string, Validator>()

  function validatorOf({ template }: EnabledFunction): Validator {
    const known = validators.get(template.name)
    if (known !== undefined) return known
    const made = Compile(template.input)
    validators.set(template.name, made)
    return made
  }

  function prepare(principal: Principal, asked: AskedRequest): Prepared {
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
    const parts = items.map((item, index) => prepareItem(enabled, item, jobIdOf(id, index), index))
    const amount = parts.reduce((sum, part) => sum + part.amount, 0)
    const excess = findExcess(
      parts.map((part) => part.amount),
      rules,
    )
    if (excess !== undefined) throw new AdminError('POLICY_REFUSED', { reason: excess })
    const { network, account } = context.config
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
      bodyHash: bodyHashOf({ functionName, items, webhookUrl: webhookUrl ?? null }),
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

  const store = coalesce(
    (step: readonly Prepared[]) =>
      database.transaction(async (session) => {
        const created = await insert(session, step, context.config.approvals.requestMinutes)
        const fresh = step.filter(({ id }) => created.has(id))
        const known = await readKnown(
          session,
          step.filter(({ id }) => !created.has(id)).map(({ id }) => id),
        )
        // Two calls of one step may name the same key: the first that has the same body made it.
        const makers = new Map<string, Prepared>()
        for (const one of fresh) if (!makers.has(one.id)) makers.set(one.id, one)
        if (makers.size > 0) await audit.append(session, [...makers.values()].map(toEntry))
        return step.map((one): Accepted | AdminError => {
          const row = created.get(one.id) ?? known.get(one.id)
          if (row === undefined) return new AdminError('INTERNAL')
          if (row.bodyHash !== one.bodyHash) return new AdminError('IDEMPOTENCY_KEY_REUSED')
          return { row, created: makers.get(one.id) === one }
        })
      }),
    MAX_STEP,
  )

  return async (principal, asked) => {
    const answer = await store(prepare(principal, asked))
    if (answer instanceof AdminError) throw answer
    if (answer.created) onChanged([answer.row.id])
    return answer
  }
}

type PreparedItem = {
  readonly jobId: string
  readonly arguments: readonly string[]
  readonly amount: number
  readonly search: string
}

type Prepared = {
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
  input: unknown,
  jobId: string,
  index: number,
): PreparedItem {
  const values = argumentsOf(template, input, jobId, index)
  const inspection = template.inspect(values)
  const violation = findViolation(inspection, rules)
  if (violation !== undefined)
    throw new AdminError('POLICY_REFUSED', { item: index, reason: violation })
  return {
    jobId,
    arguments: argumentTexts(values),
    amount: inspection.amount,
    search: index < MAX_SEARCHED_ITEMS ? template.describe(values).title : '',
  }
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

async function insert(
  session: Session,
  step: readonly Prepared[],
  requestMinutes: number,
): Promise<ReadonlyMap<string, RequestRow>> {
  const rows = await session.query<RequestRow>(
    `INSERT INTO requests AS r (id, function, requester, idempotency_key, body_hash, digest,
      cadence_hash, amount, item_count, webhook_url, search, state, ready_at, expires_at)
    SELECT g->>'id', g->>'function', g->>'requester', g->>'idempotencyKey', g->>'bodyHash',
      g->>'digest', g->>'cadenceHash', (g->>'amount')::bigint, jsonb_array_length(g->'items'),
      g->>'webhookUrl', g->>'search', g->>'state',
      CASE g->>'state' WHEN 'ready' THEN clock_timestamp() END,
      clock_timestamp() + $2::double precision * interval '1 minute'
    FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS given(g, place) ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING ${requestColumns}`,
    [JSON.stringify(step), requestMinutes],
  )
  const created = new Map(rows.map((row) => [row.id, row]))
  const items = step
    .filter(({ id }, index) => created.has(id) && step.findIndex((o) => o.id === id) === index)
    .flatMap(({ id, items: parts }) =>
      parts.map((part, index) => ({ id, index, ...part, search: undefined })),
    )
  if (items.length > 0)
    await session.query(
      `INSERT INTO items (request_id, item_index, job_id, arguments, amount)
      SELECT g->>'id', (g->>'index')::integer, g->>'jobId', g->'arguments', (g->>'amount')::bigint
      FROM jsonb_array_elements($1::text::jsonb) AS given(g)`,
      [JSON.stringify(items)],
    )
  return created
}

async function readKnown(
  session: Session,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RequestRow>> {
  if (ids.length === 0) return new Map()
  const rows = await session.query<RequestRow>(
    `SELECT ${requestColumns} FROM requests AS r WHERE r.id = ANY ($1::text[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

const toEntry = (one: Prepared): AuditEntry => ({
  kind: 'request',
  actor: one.requester,
  requestIds: [one.id],
  facts: {
    function: one.function,
    digest: one.digest,
    cadenceHash: one.cadenceHash,
    items: one.items.length,
    amount: one.amount,
    state: one.state,
  },
})
