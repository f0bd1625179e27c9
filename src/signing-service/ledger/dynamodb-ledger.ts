/** The ledger in DynamoDB, by conditional writes: for Lambdas, and where no database runs. @module */

import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { pause } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { assertKnownKeys } from '../../options.ts'
import type { Charge, Ledger, LedgerClaim, LedgerDecision } from './ledger.ts'

/** Where the items lie. */
export type DynamoDbLedgerOptions = {
  /** A `DynamoDBClient` of yours, with its credentials and retries. */
  readonly client: {
    send(command: never, options?: { abortSignal?: AbortSignal }): Promise<unknown>
  }
  /** Name or ARN of a table whose partition key is `id`, a string, without a sort key. */
  readonly table: string
}

/** Others may write between reading and writing, or at once: then all of it begins anew. */
const MAX_TRIES = 8

const DAY_S = 86_400

/**
 * Each claim reads the item of its sequence number and writes it under the condition that it is still
 * what was read, in one transaction with the budgets. The time is that of DynamoDB, from the header
 * `date` of its answer, so the clocks of the services do not matter. Set the table's time to live to
 * the attribute `forgetAt`: a day after the hold, of budgets three days after.
 *
 * @throws {SignerError} `INVALID_OPTION`. A claim rejects with `LEDGER_UNAVAILABLE`,
 * `AWS_SDK_MISSING`, or what the client throws.
 */
export function createDynamoDbLedger(options: DynamoDbLedgerOptions): Ledger {
  assertKnownKeys(options, ['client', 'table'])
  const { client, table } = options
  if (typeof client?.send !== 'function') throw invalid('client', 'it is not a DynamoDBClient')
  if (typeof table !== 'string' || !/^[\w.:/-]{1,1024}$/.test(table))
    throw invalid('table', 'it is not the name or ARN of a table')
  // By shape, so that users of other ledgers need no declarations of the AWS SDK.
  const items = createItems(client as unknown as DynamoDBClient, table)
  return Object.freeze({
    async claim(claim, { signal } = {}) {
      for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
        const decision = await decideOnce(items, claim, signal)
        if (decision !== undefined) return decision
        await pause(Math.random() * 20 * tries, signal)
      }
      throw unavailable('others wrote at the same time, again and again')
    },
  } satisfies Ledger)
}

/** @returns `undefined` when somebody else wrote meanwhile. */
async function decideOnce(
  items: Items,
  { payloadHash, holdMs, charges, ...slot }: LedgerClaim,
  signal: AbortSignal | undefined,
): Promise<LedgerDecision | undefined> {
  const id = `number#${slot.address}#${slot.keyIndex}#${slot.sequenceNumber}`
  const { held, nowMs } = await items.read(id, signal)
  if (held?.payloadHash === payloadHash) return { decision: 'replayed' }
  if (held !== undefined && held.heldUntil > nowMs) return { decision: 'conflict' }
  const over = charges.find(({ amount, perDay }) => amount > perDay)
  if (over !== undefined) return { decision: 'spent', budget: over.budget }
  const next = { payloadHash, heldUntil: nowMs + holdMs }
  const outcome = await items.write({ id, held, next, charges, nowMs }, signal)
  if (typeof outcome === 'number') {
    const { budget = '' } = charges[outcome] ?? {}
    return { decision: 'spent', budget }
  }
  return outcome === 'written' ? { decision: 'granted' } : undefined
}

/** Who has a sequence number; `heldUntil` in milliseconds since 1970. */
type Held = { readonly payloadHash: string; readonly heldUntil: number }

type Write = {
  readonly id: string
  readonly held: Held | undefined
  readonly next: Held
  readonly charges: readonly Charge[]
  readonly nowMs: number
}

type Items = {
  readonly read: (
    id: string,
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly held: Held | undefined; readonly nowMs: number }>
  /** @returns The index of a charge that is too much; `again` when it was not as it was read. */
  readonly write: (
    write: Write,
    signal: AbortSignal | undefined,
  ) => Promise<'written' | 'again' | number>
}

function createItems(client: DynamoDBClient, table: string): Items {
  const abort = (signal: AbortSignal | undefined) =>
    signal === undefined ? {} : { abortSignal: signal }
  return {
    async read(id, signal) {
      const { GetItemCommand } = await load()
      const Key = { id: { S: id } }
      const command = new GetItemCommand({ TableName: table, Key, ConsistentRead: true })
      let date: unknown
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args)
          const { headers = {} } = result.response as { headers?: Record<string, unknown> } // of HTTP
          date = headers['date']
          return result
        },
        { step: 'finalizeRequest', name: 'fclKmsDate' },
      )
      const { Item } = await client.send(command, abort(signal))
      const nowMs = Date.parse(String(date))
      if (Number.isNaN(nowMs)) throw unavailable('DynamoDB did not tell the time')
      return { held: heldOf(Item), nowMs }
    },
    async write({ id, held, next, charges, nowMs }, signal) {
      const { TransactWriteItemsCommand } = await load()
      const number = { Put: { TableName: table, ...putOf(id, held, next) } }
      const budgets = charges.map((one) => ({
        Update: { TableName: table, ...updateOf(one, nowMs) },
      }))
      const TransactItems: TransactWriteItem[] = [number, ...budgets]
      try {
        await client.send(new TransactWriteItemsCommand({ TransactItems }), abort(signal))
        return 'written'
      } catch (thrown) {
        const [first, ...others] = reasonsOf(thrown)
        if (first === undefined) throw thrown
        const index = others.indexOf('ConditionalCheckFailed')
        return first === 'None' && index >= 0 ? index : 'again'
      }
    },
  }
}

const seconds = (ms: number) => Math.ceil(ms / 1_000)

function putOf(id: string, held: Held | undefined, next: Held) {
  const forgetAt = seconds(next.heldUntil) + DAY_S
  const Item = {
    id: { S: id },
    payloadHash: { S: next.payloadHash },
    heldUntil: { N: String(next.heldUntil) },
    forgetAt: { N: String(forgetAt) },
  }
  if (held === undefined) return { Item, ConditionExpression: 'attribute_not_exists(id)' }
  return {
    Item,
    ConditionExpression: 'payloadHash = :hash AND heldUntil = :until',
    ExpressionAttributeValues: {
      ':hash': { S: held.payloadHash },
      ':until': { N: String(held.heldUntil) },
    },
  }
}

function updateOf({ budget, amount, perDay }: Charge, nowMs: number) {
  const day = new Date(nowMs).toISOString().slice(0, 10)
  return {
    Key: { id: { S: `budget#${day}#${budget}` } },
    UpdateExpression: 'ADD spent :amount SET forgetAt = :forgetAt',
    ConditionExpression: 'attribute_not_exists(spent) OR spent <= :room',
    ExpressionAttributeValues: {
      ':amount': { N: String(amount) },
      ':room': { N: String(perDay - amount) },
      ':forgetAt': { N: String(seconds(nowMs) + 4 * DAY_S) },
    },
  }
}

function heldOf(item: Record<string, AttributeValue> | undefined): Held | undefined {
  if (item === undefined) return undefined
  const payloadHash = item['payloadHash']?.S
  const heldUntil = Number(item['heldUntil']?.N)
  if (payloadHash !== undefined && !Number.isNaN(heldUntil)) return { payloadHash, heldUntil }
  throw unavailable('an item is not one of a ledger')
}

/** @returns Why a transaction was cancelled, item by item; nothing for other errors. */
function reasonsOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error) || thrown.name !== 'TransactionCanceledException') return []
  const reasons: unknown = 'CancellationReasons' in thrown ? thrown.CancellationReasons : undefined
  if (!Array.isArray(reasons)) return []
  return reasons.map((reason: { readonly Code?: unknown }) => String(reason?.Code ?? 'None'))
}

async function load(): Promise<typeof import('@aws-sdk/client-dynamodb')> {
  try {
    return await import('@aws-sdk/client-dynamodb')
  } catch (cause) {
    throw new SignerError('AWS_SDK_MISSING', { package: '@aws-sdk/client-dynamodb' }, { cause })
  }
}

const unavailable = (reason: string) => new SignerError('LEDGER_UNAVAILABLE', { reason })

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
