/** A `pg.Pool` that is not ours: what its connections do when the server or the network is gone. @module */

/** One connection, lent. */
type Client = {
  readonly query: (
    text: string,
    parameters: unknown[],
  ) => Promise<{ readonly rows: readonly unknown[] }>
  readonly on: (event: 'error', listener: () => void) => unknown
  readonly off: (event: 'error', listener: () => void) => unknown
  /** @param destroy - Whether it may not be used again. */
  readonly release: (destroy: boolean) => void
}

/** What is used of a `pg.Pool`. */
export type Pool = {
  readonly connect: (done: (error: Error | undefined, client: Client | undefined) => void) => void
  readonly on: (event: 'error', listener: () => void) => unknown
  readonly listeners: (event: 'error') => readonly unknown[]
  readonly options: { connectionTimeoutMillis?: number | undefined }
}

/** Whoever asks is told by the call that fails. */
const ignore = () => undefined

/**
 * A pool tells of a connection that broke while nobody used it by an event, and an event `error` that
 * nobody listens to ends the process: so the store listens. Listeners of the user's own are told as
 * before.
 *
 * A connection that is never answered keeps its place in the pool for good, unless the pool bounds the
 * attempt: where its owner has set no bound, that of the store is set.
 *
 * @param timeoutMs - Milliseconds.
 * @returns Undefined when it is no pool.
 */
export function asPool(database: object, timeoutMs: number): Pool | undefined {
  const isPool =
    'totalCount' in database &&
    'listeners' in database &&
    'options' in database &&
    'connect' in database
  if (!isPool) return undefined
  const pool = database as unknown as Pool // of the things that have these, it is one
  if (!pool.listeners('error').includes(ignore)) pool.on('error', ignore)
  if (!pool.options.connectionTimeoutMillis) pool.options.connectionTimeoutMillis = timeoutMs
  return pool
}

/**
 * Of a connection that breaks while it is lent the client tells by an event, too, and may do so in the
 * turn in which it is lent: whoever awaits a promise listens too late.
 */
const borrow = (pool: Pool): Promise<Client> =>
  new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      client?.on('error', ignore)
      if (client === undefined) reject(error)
      else resolve(client)
    })
  })

/**
 * One statement on one connection. When it fails, or `signal` aborts before it is answered, the
 * connection is closed and not used again: nobody knows in what state it is, and one that the network
 * has forgotten would keep its place in the pool until the operating system gives it up.
 */
export async function queryOf(
  pool: Pool,
  text: string,
  parameters: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly rows: readonly unknown[] }> {
  const client = await borrow(pool)
  if (signal.aborted) {
    client.off('error', ignore)
    client.release(false)
    throw signal.reason
  }
  let open = true
  const release = (destroy: boolean) => {
    if (!open) return
    open = false
    signal.removeEventListener('abort', onAbort)
    if (!destroy) client.off('error', ignore) // one that is closed may tell once more
    client.release(destroy)
  }
  const onAbort = () => release(true)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const answer = await client.query(text, [...parameters])
    release(false)
    return answer
  } catch (thrown) {
    release(true)
    throw thrown
  }
}
