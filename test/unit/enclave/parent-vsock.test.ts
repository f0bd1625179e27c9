import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectVsock } from '../../../src/enclave/parent/vsock.ts'
import { type FakeVsock, startFakeVsock } from '../../support/fake-vsock.ts'
import { until } from '../../support/until.ts'

let folder: string
let vsock: FakeVsock

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-vsock-'))
})
beforeEach(async () => {
  vsock = await startFakeVsock(join(folder, 'v'))
  vsock.ports.set(5_000, (socket) => socket.pipe(socket))
})
afterEach(() => vsock[Symbol.asyncDispose]())
afterAll(() => rm(folder, { recursive: true, force: true }))

const open = (timeoutMs = 200, signal?: AbortSignal) =>
  connectVsock({ socketPath: vsock.socketPath, port: 5_000, timeoutMs, signal })
const unavailable = (reason: RegExp) =>
  expect.objectContaining({
    ...{ code: 'ENCLAVE_UNAVAILABLE', disposition: 'retry' },
    context: { reason: expect.stringMatching(reason) },
  })

describe('connectVsock', () => {
  it('waits for the greeting, and is a stream to the port then', async () => {
    const socket = await open()
    socket.write('hello')
    const [echo] = await once(socket, 'data')
    expect(String(echo)).toBe('hello')
    socket.destroy()
  })

  it('takes a greeting in pieces', async () => {
    vsock.greeting = ''
    vsock.ports.set(5_000, (socket) => {
      const [first, ...others] = ['O', 'K 10', '73', '\n']
      socket.write(first ?? '')
      for (const [index, piece] of others.entries())
        setTimeout(() => socket.write(piece), 10 * (index + 1))
    })
    const socket = await open(2_000)
    expect(socket.readableLength).toBe(0)
    socket.destroy()
  })

  it('keeps what comes right behind the greeting', async () => {
    vsock.greeting = 'OK 7\nfirst'
    const socket = await open()
    const [bytes] = await once(socket, 'data')
    expect(String(bytes)).toBe('first')
    socket.destroy()
  })

  it.each([
    ['garbage', 'HTTP/1.1 400 Bad Request\r\n', /does not speak the protocol/],
    ['another word', 'NO 7\n', /does not speak the protocol/],
    ['no number', 'OK x\n', /does not speak the protocol/],
    ['a line that never ends', `OK ${'1'.repeat(1_000)}`, /does not speak the protocol/],
    ['a line one byte too long', `OK ${'1'.repeat(13)}\n`, /does not speak the protocol/],
    ['half a line', 'OK 7', /port 5000 of the enclave did not answer within 200 ms/],
    ['nothing', undefined, /port 5000 of the enclave did not answer within 200 ms/],
  ])('refuses %s in place of the greeting, and closes the socket', async (_, greeting, reason) => {
    vsock.greeting = greeting
    await expect(open()).rejects.toThrow(unavailable(reason))
    await until(() => vsock.open.size === 0)
  })

  it('refuses where nothing listens on the port', async () => {
    vsock.ports.clear()
    await expect(open()).rejects.toThrow(unavailable(/nothing listens on port 5000/))
  })

  it('refuses where the socket is gone', async () => {
    const gone = connectVsock({ socketPath: join(folder, 'gone'), port: 5_000, timeoutMs: 200 })
    await expect(gone).rejects.toThrow(unavailable(/the socket of the vsock: ENOENT/))
  })

  it('ends with the reason of its signal, and closes the socket', async () => {
    vsock.greeting = undefined
    const abort = new AbortController()
    const opening = open(10_000, abort.signal)
    await until(() => vsock.open.size === 1)
    abort.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
    await until(() => vsock.open.size === 0)
  })
})
