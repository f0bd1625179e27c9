import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runScript } from '../../../../examples/admin-server/src/execution/run-script.ts'

/** A node on loopback that answers each script so. */
async function startNode(answer: (response: ServerResponse) => void) {
  const server = createServer((_, response) => answer(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const value = { type: 'UInt64', value: '7' }

it('returns what the script returns', async () => {
  const text = Buffer.from(JSON.stringify(value)).toString('base64')
  await using node = await startNode((response) => response.end(JSON.stringify(text)))
  expect(await runScript(node.url, 'script', [])).toEqual(value)
})

it('reads no more of a reply than its bound, and closes the connection', async () => {
  const closed: Promise<unknown>[] = []
  await using node = await startNode((response) => {
    closed.push(once(response, 'close'))
    response.write('x'.repeat(1_000_001)) // and no end
  })
  await expect(runScript(node.url, 'script', [])).rejects.toThrow('the script was not run')
  await Promise.all(closed)
})
