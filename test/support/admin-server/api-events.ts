/** Reads an event stream of the API. @module */

/** One event; comments are left out. */
export type StreamEvent = { readonly event: string; readonly data: unknown; readonly atMs: number }

/** Write `using stream = await openStream(…)`. */
export type EventStream = {
  readonly status: number
  readonly headers: Headers
  /** As they come. */
  readonly events: readonly StreamEvent[]
  /** The body of an answer that is no stream. */
  readonly text: string
  /** Resolves when the server has ended it, or it broke. */
  readonly ended: Promise<void>
  readonly isOpen: () => boolean
  readonly [Symbol.dispose]: () => void
}

/** @param headers - Credentials. */
export async function openStream(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventStream> {
  const leaving = new AbortController()
  const reply = await fetch(`${url}/v1/events`, { headers, signal: leaving.signal })
  const isStream = reply.headers.get('content-type')?.startsWith('text/event-stream') === true
  const text = isStream ? '' : await reply.text()
  const events: StreamEvent[] = []
  let open = isStream
  const ended = (isStream ? read(reply, events) : Promise.resolve())
    .catch(() => undefined) // left by us, or broken off: the end either way
    .finally(() => {
      open = false
    })
  return {
    status: reply.status,
    headers: reply.headers,
    events,
    text,
    ended,
    isOpen: () => open,
    [Symbol.dispose]: () => leaving.abort(),
  }
}

async function read(reply: Response, events: StreamEvent[]): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of reply.body ?? []) {
    rest += decoder.decode(bytes, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, event, data] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? []
      if (event !== undefined && data !== undefined)
        events.push({ event, data: JSON.parse(data), atMs: performance.now() })
    }
  }
}
