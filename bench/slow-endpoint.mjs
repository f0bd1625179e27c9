/** An endpoint that takes its time to answer, and notes when each request came. Tells its URL. @module */
import { once } from 'node:events'
import { createServer } from 'node:http'

const { delayMs } = JSON.parse(process.argv[2] ?? '{}')
/** @type {number[]} */
let starts = []

const server = createServer((request, response) => {
  starts.push(performance.now())
  request.resume()
  setTimeout(() => response.end('{}'), delayMs)
})
await once(server.listen(0, '127.0.0.1'), 'listening')
process.on('disconnect', () => process.exit(0))
process.on('message', () => {
  process.send?.({ starts })
  starts = []
})
process.send?.({ url: `http://127.0.0.1:${server.address().port}` })
