/** What happens now, as server-sent events. @module */

import type { FastifyInstance } from 'fastify'
import type { Principal } from '../../access/principal.ts'
import { AdminError } from '../../errors.ts'
import { mayReadAll } from '../../requests/read.ts'
import { anyRole, principalOf } from '../context.ts'
import { textAnswer } from '../schemas/common.ts'
import type { RouteContext } from './context.ts'

const STATS_MS = 1_000
const COMMENT_MS = 15_000
const CHECK_MS = 5_000
/** Streams of one process, and of one principal, at a time. */
const MAX_STREAMS = 200
const MAX_OF_ONE = 8
/** A reader that does not read: its stream ends rather than fill the memory. */
const MAX_BUFFERED = 1_000_000

export function eventRoutes(app: FastifyInstance, context: RouteContext): void {
  const { authenticator, changes, closing, database, stats } = context
  const open = new Map<object, string>()
  const endings = new Set<() => void>()
  closing.addEventListener('abort', () => {
    for (const end of endings) end()
  })

  /** Those that this principal may read. */
  async function ownOf(who: Principal, ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length === 0 || mayReadAll(who)) return ids
    const rows = await database.query<{ id: string }>(
      'SELECT id FROM requests WHERE id = ANY ($1::text[]) AND requester = $2',
      [ids, who.name],
    )
    return rows.map(({ id }) => id)
  }

  app.get(
    '/v1/events',
    {
      config: { auth: anyRole },
      schema: {
        tags: ['operation'],
        summary: 'Figures each second, and which requests changed',
        operationId: 'streamEvents',
        response: { 200: textAnswer('text/event-stream', 'Until the credential ends.') },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const mine = [...open.values()].filter((name) => name === principal.name).length
      if (open.size >= MAX_STREAMS || mine >= MAX_OF_ONE) throw new AdminError('OVERLOADED')
      reply.hijack()
      const { raw } = reply
      open.set(raw, principal.name)
      const headers = reply.getHeaders()
      raw.writeHead(200, {
        // Those of the security plug-in, set before this handler ran.
        ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      } as Record<string, string>) // undefined ones are left out above
      stream(principal)

      function stream(who: Principal): void {
        let ended = false
        const write = (text: string) => {
          if (ended) return
          if (raw.writableLength > MAX_BUFFERED) return end()
          raw.write(text)
        }
        const send = (event: string, data: unknown) =>
          write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
        let paused: boolean | undefined
        const tellStats = () => {
          stats.read().then(
            (now) => {
              if (paused !== undefined && paused !== now.paused)
                send(now.paused ? 'paused' : 'resumed', {})
              paused = now.paused
              send('stats', now)
            },
            () => undefined, // the next second tells
          )
        }
        const check = () => {
          authenticator.stillValid(who).then(
            (isValid) => isValid || end(),
            () => undefined,
          )
        }
        const timers = [
          setInterval(tellStats, STATS_MS),
          setInterval(() => write(': still here\n\n'), COMMENT_MS),
          setInterval(check, CHECK_MS),
        ]
        const tellChanged = (ids: readonly string[]) => {
          ownOf(who, ids).then(
            (mine) => {
              if (mine.length > 0 || ids.length === 0) send('changed', { ids: mine })
            },
            () => undefined, // a hint that is lost: the page reads now and then anyway
          )
        }
        const unwatch = changes.watch(tellChanged)
        function end(): void {
          ended = true
          for (const timer of timers) clearInterval(timer)
          unwatch()
          endings.delete(end)
          open.delete(raw)
          raw.end()
        }
        endings.add(end)
        raw.on('close', end)
        raw.on('error', end)
        tellStats()
      }
    },
  )
}
