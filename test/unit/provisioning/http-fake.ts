/** A small HTTP server of one's own, for the two fakes beside it. @module */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'

/** An answer, or `drop` to close the connection without one, or `hang` to keep it open. */
export type Answer =
  | {
      readonly status?: number
      readonly body: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  | 'drop'
  | 'hang'

export type HttpFake = {
  readonly url: string
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** @param answer - Given the request and its body, parsed as JSON; `undefined` when empty. */
export async function startHttp(
  answer: (request: IncomingMessage, body: unknown) => Answer | Promise<Answer>,
): Promise<HttpFake> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const answered = await answer(request, text === '' ? undefined : JSON.parse(text))
    if (answered === 'hang') return
    if (answered === 'drop') return void request.socket.destroy()
    response.writeHead(answered.status ?? 200, {
      'content-type': 'application/json',
      ...answered.headers,
    })
    response.end(JSON.stringify(answered.body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
