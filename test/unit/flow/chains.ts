/** A chain on this machine whose access node can lag, forget, lie and fail. @module */
import type { ServerResponse } from 'node:http'
import { type BadServer, startServer } from './servers.ts'

/** One block. Ids are derived from `branch` and the height. */
type FakeBlock = {
  readonly id: string
  readonly parentId: string
  readonly height: number
  readonly timestamp: string
  readonly transactionIds: readonly string[]
}

/** Each block that is made is a second newer than the one before, on whatever chain. */
let seconds = 0
const nextTimestamp = () => new Date(Date.UTC(2026, 6, 1) + ++seconds * 1_000).toISOString()

/** What the node tells can be changed at any time. */
export type FakeChain = BadServer & {
  /** Appends blocks; the last argument names the transactions of the last one. */
  readonly grow: (count: number, transactionIds?: readonly string[]) => void
  /** Drops all blocks above the height and goes on with other ids. */
  readonly rollBack: (height: number) => void
  /** Pretends for the next look at the latest block that the chain ends here. */
  readonly lagOnce: (height: number) => void
  readonly executedTo: (height: number) => void
  readonly sealedTo: (height: number) => void
  readonly finalized: () => number
  /** Answers in place of the chain while it returns true. */
  readonly intercept: (answer: Interceptor | undefined) => void
  /** Resolves when the node was asked this much more often. */
  readonly asked: (path: RegExp, count?: number) => Promise<void>
}

type Interceptor = (path: string, response: ServerResponse) => boolean

/** 64 digits. */
export const idOf = (text: string): string => Buffer.from(text.padEnd(32, '.')).toString('hex')

/** A chain of one block, of height `first`; all blocks are executed and sealed at once. */
export async function startFakeChain(first = 0): Promise<FakeChain> {
  const blocks: FakeBlock[] = []
  const lags: number[] = []
  const waiting = new Set<() => void>()
  let branch = 0
  let executed = Number.POSITIVE_INFINITY
  let sealed = Number.POSITIVE_INFINITY
  let interceptor: Interceptor | undefined

  const append = (transactionIds: readonly string[]) => {
    const height = first + blocks.length
    const parentId = blocks.at(-1)?.id ?? idOf('no parent')
    const id = idOf(`block ${height} of ${branch}`)
    blocks.push({ id, parentId, height, timestamp: nextTimestamp(), transactionIds })
  }
  append([])
  const finalized = () => first + blocks.length - 1

  const answer = (path: string): unknown => {
    const [, choice = '', value = ''] =
      /\/v1\/(?:blocks|transaction_results)[?/](.+?)(?:=(.+))?$/.exec(path) ?? []
    if (path.startsWith('/v1/transaction_results?'))
      return Number(value) <= Math.min(executed, finalized()) ? resultsOf(Number(value)) : undefined
    if (path.startsWith('/v1/transaction_results/')) return singleOf(choice)
    const range = /start_height=(\d+)&end_height=(\d+)/.exec(path)
    if (range !== null) return headers(Number(range[1]), Number(range[2]))
    if (value === 'final') return headersAt(lags.shift() ?? finalized())
    if (value === 'sealed') return headersAt(Math.max(first, Math.min(sealed, finalized())))
    const block = blocks.find(({ id }) => id === choice)
    return block && headersAt(block.height)
  }
  const headersAt = (height: number) => headers(height, height)
  const headers = (from: number, to: number) => {
    if (to > finalized() || from < first || to - from > 50) return undefined
    return blocks
      .slice(from - first, to - first + 1)
      .map(({ id, parentId, height, timestamp }) => ({
        header: { id, parent_id: parentId, height: `${height}`, timestamp },
      }))
  }
  const resultOf = (block: FakeBlock, id: string) => ({
    block_id: block.id,
    status: block.height <= sealed ? 'Sealed' : 'Executed',
    status_code: 0,
    error_message: '',
    computation_used: '7',
    events: [],
    _links: { _self: `/v1/transaction_results/${id}` },
  })
  const resultsOf = (height: number) => {
    const block = blocks[height - first]
    const own = block && [...block.transactionIds, idOf(`system ${height}`)]
    return own?.map((id) => resultOf(block as FakeBlock, id))
  }
  const singleOf = (id: string) => {
    const block = blocks.find(({ transactionIds }) => transactionIds.includes(id))
    return block && block.height <= executed ? resultOf(block, id) : { status: '' }
  }

  const server = await startServer((response, _, request) => {
    const path = request.url ?? ''
    for (const check of waiting) check()
    if (interceptor?.(path, response)) return
    const body = answer(path)
    response.statusCode = body === undefined ? 404 : 200
    response.end(JSON.stringify(body ?? { code: 404, message: 'not found' }))
  })
  return {
    ...server,
    grow(count, transactionIds = []) {
      for (let index = 1; index < count; index++) append([])
      append(transactionIds)
    },
    rollBack(height) {
      blocks.length = height - first + 1
      branch += 1
    },
    lagOnce: (height) => lags.push(height),
    executedTo(height) {
      executed = height
    },
    sealedTo(height) {
      sealed = height
    },
    finalized,
    intercept(next) {
      interceptor = next
    },
    asked: (path, count = 1) =>
      new Promise((resolve) => {
        const times = () => server.requests.filter((request) => path.test(request)).length
        const due = times() + count
        const check = () => {
          if (times() < due) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
      }),
  }
}
