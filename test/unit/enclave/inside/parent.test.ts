import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEvents } from '../../../../examples/enclave/inside/events.ts'
import { createParent } from '../../../../examples/enclave/inside/parent.ts'
import { createParentStore } from '../../../../examples/enclave/inside/parent-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'fk-parent-'))
const socketPath = join(folder, 'parent.sock')
/** What the parent does with a connection on which something came. */
let answer: (socket: Socket, request: string) => unknown
let server: Server
let connections = 0
const sockets = new Set<Socket>()
beforeAll(async () => {
  server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data) => answer(socket, data.toString()))
  })
  server.listen(socketPath)
  await once(server, 'listening')
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  server.close()
  rmSync(folder, { recursive: true })
})

const http = (body: string | Buffer, status = 200, more = '') =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 ${status} X\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n`,
    ),
    Buffer.from(body),
  ])
const ask = createParent(socketPath)
const read = { timeoutMs: 500, isRepeatable: true }

describe('what asks the parent', () => {
  it('keeps a connection, and takes a new one when it is closed meanwhile', async () => {
    answer = (socket) => socket.write(http('{"a":1}'))
    connections = 0
    expect(await ask('/x', {}, read)).toEqual({ status: 200, body: { a: 1 } })
    expect(await ask('/x', {}, read)).toEqual({ status: 200, body: { a: 1 } })
    expect(connections).toBe(1)
    let isFirst = true
    answer = (socket) => {
      if (isFirst) socket.destroy()
      else socket.write(http('{"a":2}'))
      isFirst = false
    }
    expect(await ask('/x', {}, read)).toEqual({ status: 200, body: { a: 2 } })
    expect(connections).toBe(2)
  })

  it('asks nothing twice that changes something', async () => {
    answer = (socket) => socket.write(http('{}'))
    await ask('/x', {}, read)
    let came = 0
    answer = (socket) => {
      came += 1
      socket.destroy()
    }
    await expect(ask('/x', {}, { timeoutMs: 500 })).rejects.toThrow()
    expect(came).toBe(1)
  })

  it.each<[string, (socket: Socket) => unknown]>([
    ['nothing', () => undefined],
    ['half a head', (socket) => socket.write('HTTP/1.1 200 X\r\ncontent-')],
    ['no end', (socket) => socket.write(http('{}').subarray(0, -1))],
    ['garbage', (socket) => socket.end('garbage')],
    ['no JSON', (socket) => socket.write(http('no'))],
    ['no UTF-8', (socket) => socket.write(http(Buffer.of(0x22, 0xff, 0x22)))],
    ['too much', (socket) => socket.write(http(`"${'a'.repeat(65_536)}"`))],
    ['too long a head', (socket) => socket.write(http('{}', 200, `x: ${'a'.repeat(10_000)}\r\n`))],
  ])('rejects in time when it says %s', async (_, misbehave) => {
    answer = misbehave
    const started = performance.now()
    await expect(ask('/x', {}, { ...read, timeoutMs: 200 })).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('never ends a body that never ends', async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n')
      const more = () => socket.writable && socket.write(`4000\r\n${'a'.repeat(16_384)}\r\n`, more)
      more()
    }
    await expect(ask('/x', {}, { timeoutMs: 10_000 })).rejects.toThrow('too long')
  })

  it('sends no more than 64 KiB', async () => {
    await expect(ask('/x', { a: 'a'.repeat(65_536) }, read)).rejects.toThrow('too long')
  })
})

describe('the store of the parent', () => {
  const store = createParentStore(ask)

  it.each<[string, () => Promise<unknown>, string, string]>([
    ['a page', () => store.list({ limit: 2 }), '{"ids":"a"}', 'STORE_ANSWER_INVALID'],
    ['an id', () => store.list({ limit: 2 }), '{"ids":[1]}', 'STORE_ANSWER_INVALID'],
    ['a next', () => store.list({ limit: 2 }), '{"ids":[],"next":""}', 'STORE_ANSWER_INVALID'],
    ['a done', () => store.create('a', new Uint8Array(3)), '{"done":1}', 'STORE_ANSWER_INVALID'],
    [
      'another done',
      () => store.replace('a', new Uint8Array(3), undefined),
      '{}',
      'STORE_ANSWER_INVALID',
    ],
  ])('takes nothing for %s that is none', async (_, step, said, code) => {
    answer = (socket) => socket.write(http(said))
    await expect(step()).rejects.toMatchObject({ code })
  })

  it('asks for what it is asked, and gives what there is', async () => {
    const seen: unknown[] = []
    const replies = ['{"ids":["a"],"next":"b"}', '{"done":true}', '{"record":"AAEC"}']
    answer = (socket, request) => {
      seen.push(JSON.parse(request.split('\r\n\r\n')[1] ?? ''))
      socket.write(http(replies.shift() ?? ''))
    }
    expect(await store.list({ after: 'x', limit: 5_000 })).toEqual({ ids: ['a'], next: 'b' })
    expect(await store.replace('a', Uint8Array.of(0), undefined)).toBe(true)
    expect(await store.read('a')).toEqual(Uint8Array.of(0, 1, 2))
    expect(seen).toEqual([
      { version: 1, operation: 'list', after: 'x', limit: 1_000 },
      { version: 1, operation: 'replace', id: 'a', expected: 'AA==', next: null },
      { version: 1, operation: 'read', id: 'a' },
    ])
  })

  it('believes a refusal by its code alone', async () => {
    const error = { code: 'STORE_DENIED', message: 'whatever it says' }
    answer = (socket) => socket.write(http(JSON.stringify({ error }), 500))
    const thrown: unknown = await store.read('a').catch((reason: unknown) => reason)
    expect(thrown).toMatchObject({ code: 'STORE_DENIED' })
    expect(String(thrown)).not.toContain('whatever')
  })
})

describe('what the parent is told', () => {
  it('is dropped and counted when it does not listen', async () => {
    const heard: Record<string, unknown>[] = []
    answer = (socket) => socket.write(http('{}', 503))
    const events = createEvents(ask)
    events.tell({ number: 1 })
    await events.flush()
    answer = (socket, request) => {
      heard.push(JSON.parse(request.split('\r\n\r\n')[1] ?? '').event)
      socket.write(http('{}'))
    }
    for (let number = 2; number < 400; number++) events.tell({ number })
    while (heard.length < 257) await events.flush()
    await events.flush()
    expect(heard).toHaveLength(257)
    expect(heard.slice(0, 3)).toEqual([
      { number: 2, droppedBefore: 1 },
      { number: 3, droppedBefore: 141 },
      { number: 4 },
    ])
    expect(heard.at(-1)).toEqual({ number: 258 })
  })
})
