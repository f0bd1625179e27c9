/**
 * A process before the emulator, which answers 500 to a send while it executes a block: this sends
 * the same bytes again until they are taken, as no node of the network would need it. FCL alone
 * would wait a whole second each time. Takes `{ url }`; tells its own URL. @module
 */
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'

const { url } = JSON.parse(process.argv[2] ?? '{}')
const { hostname, port } = new URL(url)
const agent = new Agent({ keepAlive: true })
/** Milliseconds until the same bytes are sent again. */
const AGAIN_MS = 10

const server = createServer(async (incoming, outgoing) => {
  const chunks = []
  for await (const chunk of incoming) chunks.push(chunk)
  forward(incoming, Buffer.concat(chunks), outgoing)
})

function forward(incoming, body, outgoing) {
  const { method, url: path, headers } = incoming
  const onward = request({ agent, hostname, port, method, path, headers }, async (reply) => {
    const chunks = []
    for await (const chunk of reply) chunks.push(chunk)
    const answer = Buffer.concat(chunks)
    const isBusy = reply.statusCode === 500 && answer.includes('currently being executed')
    if (isBusy && !outgoing.destroyed)
      return setTimeout(() => forward(incoming, body, outgoing), AGAIN_MS)
    outgoing.writeHead(reply.statusCode ?? 502, reply.headers).end(answer)
  })
  onward.on('error', () => outgoing.destroy())
  onward.end(body)
}

await once(server.listen(0, '127.0.0.1'), 'listening')
process.on('disconnect', () => process.exit(0))
process.send?.({ url: `http://127.0.0.1:${server.address().port}` })
