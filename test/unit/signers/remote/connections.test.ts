/** Sockets, TLS, and who waits where. @module */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRemoteSigner, type RemoteSignerTls } from '../../../../src/signers/remote/index.ts'
import { MAX_MESSAGE_BYTES } from '../../../../src/signers/remote/protocol.ts'
import { until } from '../../../support/until.ts'
import { createCertificate } from '../../admin-server/webhooks/certificate.ts'
import { startSocketServer } from '../../flow/servers.ts'
import { answerJson, request, startService } from './http-service.ts'

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )

describe('connections', () => {
  it('are kept: twenty signatures in a row take one', async () => {
    await using service = await startService()
    const signer = createRemoteSigner({ url: service.url, key: 'k' })
    for (let count = 0; count < 20; count++) await signer.sign(request)
    expect(service.opened()).toBe(1)
  })

  it('that are idle keep no process open', async () => {
    await using service = await startService()
    const file = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const program = `
      import { subscribe } from 'node:diagnostics_channel'
      import { register } from 'node:module'
      register(${file('../../../support/load-typescript.mjs')})
      const { createRemoteSigner } = await import(${file('../../../../src/signers/remote/index.ts')})
      const sockets = []
      subscribe('net.client.socket', ({ socket }) => sockets.push(socket))
      const signer = createRemoteSigner({ url: '${service.url}', key: 'k' })
      const sign = () => signer.sign({ message: new Uint8Array(40), hashAlgorithm: 'SHA3_256' })
      await Promise.all([sign(), sign(), sign()])
      process.on('exit', () => console.log(sockets.filter((one) => !one.destroyed).length, 'open'))`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { timeout: 60_000 },
    )
    // Had it waited for them, they would have been closed by one side or the other.
    expect(stdout.trim()).toBe('3 open')
  })

  it('are as many as there may be, of all signers of one service; the rest wait', async () => {
    await using service = await startService()
    const waiting: (() => void)[] = []
    service.behave(({ response, good }) => void waiting.push(() => answerJson(response, good)))
    const { url, publicKey } = service
    const [one, other] = ['a', 'b'].map((key) =>
      createRemoteSigner({ url, publicKey, key, maxSockets: 3 }),
    )
    const all = Array.from({ length: 12 }, (_, index) =>
      (index % 2 === 0 ? one : other)?.sign(request),
    )
    for (let answered = 0; answered < 12; ) {
      await until(() => waiting.length === 3)
      for (const answer of waiting.splice(0)) {
        answer()
        answered += 1
      }
    }
    expect(await Promise.all(all)).toHaveLength(12)
    expect([service.highest(), service.opened()]).toEqual([3, 3])
  })

  it('that were closed while idle are replaced, and the signature comes', async () => {
    await using service = await startService()
    const { url, publicKey } = service
    const signer = createRemoteSigner({ url, publicKey, key: 'k', totalTimeoutMs: 5_000 })
    const served = new WeakSet<object>()
    service.behave(({ incoming }) => {
      if (served.has(incoming.socket)) return void incoming.socket.destroy()
      served.add(incoming.socket)
      return 'well'
    })
    const attempts: number[] = []
    const onReport = (report: { attempts: number }) => attempts.push(report.attempts)
    for (let count = 0; count < 4; count++) await signer.sign({ ...request, onReport })
    expect(attempts).toEqual([1, 2, 2, 2])
  })

  it('to nobody end by connectionTimeoutMs, which is named', async () => {
    // A listener whose line is full takes no connection, and says nothing.
    await using service = await startSocketServer(() => undefined)
    const url = service.url.replace('http:', 'https:')
    const signer = createRemoteSigner({
      url,
      key: 'k',
      connectionTimeoutMs: 100,
      totalTimeoutMs: 250,
    })
    expect(await rejection(signer.publicKey())).toMatchObject({
      code: 'REMOTE_SIGNER_TIMEOUT',
      context: { limit: 'connectionTimeoutMs' },
    })
  })

  it('by a Unix socket: a missing one passes, and signs as soon as it is there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-remote-'))
    const socketPath = join(folder, 's')
    const patient = createRemoteSigner({ socketPath, key: 'k', totalTimeoutMs: 300 })
    expect(await rejection(patient.sign(request))).toMatchObject({
      code: 'REMOTE_SIGNER_UNAVAILABLE',
      context: { reason: expect.stringContaining('ENOENT') },
    })
    await using _ = await startService({ socketPath })
    expect(await patient.sign(request)).toHaveLength(64)
    await rm(folder, { recursive: true, force: true })
  })
})

describe('waiting here', () => {
  it('is not the service being slow: a call waits longer than all its limits', async () => {
    await using service = await startService()
    const { url, publicKey } = service
    const limits = { requestTimeoutMs: 2_000, totalTimeoutMs: 2_000 }
    const signer = createRemoteSigner({ url, publicKey, key: 'k', maxSockets: 1, ...limits })
    service.behave(({ response, good }) => {
      setTimeout(() => answerJson(response, good), 300)
    })
    // Ten of 300 ms in one line: the last waits for 2.7 s.
    const all = await Promise.all(Array.from({ length: 10 }, () => signer.sign(request)))
    expect(all).toHaveLength(10)
    expect(service.requests).toHaveLength(10)
  })

  it('ends by queueTimeoutMs, with how many waited', async () => {
    await using service = await startService()
    const { url, publicKey } = service
    service.behave(() => undefined)
    const some = { maxSockets: 1, queueTimeoutMs: 100 }
    const signer = createRemoteSigner({ url, publicKey, key: 'k', ...some })
    const controller = new AbortController()
    const first = rejection(signer.sign({ ...request, signal: controller.signal }))
    await until(() => service.requests.length === 1)
    expect(await rejection(signer.sign(request))).toMatchObject({
      code: 'REMOTE_SIGNER_QUEUE_TIMEOUT',
      disposition: 'retry',
      context: { waitedFor: 'socket', callsAtOnce: 1, waiting: 1 },
    })
    controller.abort(new Error('enough'))
    expect(await first).toBe(controller.signal.reason)
  })

  it.each(['in the line', 'for a reply', 'in a pause'])(
    '%s ends when the caller aborts',
    async (where) => {
      await using service = await startService()
      const { url, publicKey } = service
      if (where === 'in a pause')
        service.behave(({ response }) => answerJson(response, '', 503, { 'retry-after': '20' }))
      else service.behave(() => undefined)
      const signer = createRemoteSigner({ url, publicKey, key: 'k', maxSockets: 1 })
      const before = new AbortController()
      const first =
        where === 'in the line'
          ? rejection(signer.sign({ ...request, signal: before.signal }))
          : undefined
      if (first !== undefined) await until(() => service.requests.length === 1)
      const { signal, abort } = withAbort()
      const second = rejection(signer.sign({ ...request, signal }))
      await until(() => service.requests.length === 1)
      abort()
      expect(await second).toBe(signal.reason)
      before.abort(new Error('the first, too'))
      await first
      await until(() => service.connections() === 0 || where === 'in a pause')
      service.behave(undefined)
      expect(await signer.sign(request)).toHaveLength(64)
    },
  )

  it('is for the turn of the quota, too: each request more takes one, and throttling is told', async () => {
    await using service = await startService()
    service.behave(({ response, count }) => (count < 3 ? answerJson(response, '', 429) : 'well'))
    const { url, publicKey } = service
    let [turns, throttled] = [0, 0]
    const pace = {
      async nextTurn() {
        turns += 1
      },
      throttled() {
        throttled += 1
      },
    }
    await createRemoteSigner({ url, publicKey, key: 'k' }).sign({ ...request, pace })
    expect([turns, throttled]).toEqual([2, 2])
  })
})

describe('what is asked', () => {
  it('has the key name, the whole message, the approvals, and nothing of this process', async () => {
    await using service = await startService()
    const { url, publicKey } = service
    const approvals = ['one', 'two']
    await createRemoteSigner({ url: `${url}/live/sign`, publicKey, key: 'a/b', approvals }).sign(
      request,
    )
    const [{ incoming, body }] = service.requests as [(typeof service.requests)[0]]
    expect(JSON.parse(body)).toEqual({
      version: 1,
      operation: 'sign',
      key: 'a/b',
      hashAlgorithm: 'SHA3_256',
      message: Buffer.from(request.message).toString('base64'),
      approvals,
    })
    expect([incoming.method, incoming.url]).toEqual(['POST', '/live/sign'])
    expect(incoming.headers).toEqual({
      host: new URL(url).host,
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'fcl-kms',
      'content-length': String(body.length),
      connection: 'keep-alive',
    })
  })

  it('may be as long as the protocol allows, and is refused here when it is longer', async () => {
    await using service = await startService()
    const { url, publicKey } = service
    const signer = createRemoteSigner({ url, publicKey, key: 'k' })
    const longest = { ...request, message: new Uint8Array(MAX_MESSAGE_BYTES) }
    expect(await signer.sign(longest)).toHaveLength(64)
    const longer = { ...request, message: new Uint8Array(MAX_MESSAGE_BYTES + 1) }
    expect(await rejection(signer.sign(longer))).toMatchObject({
      code: 'SIGNING_REQUEST_TOO_LARGE',
      disposition: 'fail',
    })
    expect(service.requests).toHaveLength(1)
  })

  it('is refused here when message and approvals together are longer', async () => {
    await using service = await startService()
    const { url, publicKey } = service
    const approvals = Array.from({ length: 16 }, () => '\u20ac'.repeat(4_096))
    const signer = createRemoteSigner({ url, publicKey, key: 'k', approvals })
    const longest = { ...request, message: new Uint8Array(MAX_MESSAGE_BYTES) }
    expect(await rejection(signer.sign(longest))).toMatchObject({
      code: 'SIGNING_REQUEST_TOO_LARGE',
      context: { maxBytes: 2 * 1_048_576 },
    })
    expect(service.requests).toHaveLength(0)
  })
})

describe('what is told of a signature', () => {
  it('is cut and printable, whatever the service calls its key and the request', async () => {
    await using service = await startService()
    const { url, publicKey } = service
    service.behave(({ response, good }) =>
      answerJson(response, { ...good, requestId: 'r\u202e1', keyId: `k\u2066${'x'.repeat(999)}` }),
    )
    const reports: unknown[] = []
    const onReport = (report: unknown) => reports.push(report)
    await createRemoteSigner({ url, publicKey, key: 'k' }).sign({ ...request, onReport })
    expect(reports).toEqual([{ attempts: 1, requestId: 'r 1', keyId: `k ${'x'.repeat(298)}` }])
  })
})

describe('the public key', () => {
  it('is learnt once, then pinned: another later is refused for good', async () => {
    await using service = await startService()
    await using other = await startService()
    const signer = createRemoteSigner({ url: service.url, key: 'k' })
    await signer.sign(request)
    service.behave(({ response, good }) =>
      answerJson(response, { ...good, publicKey: other.publicKey }),
    )
    const mismatch = { code: 'REMOTE_SIGNER_REPLY_MISMATCH', context: { field: 'publicKey' } }
    expect(await rejection(signer.sign(request))).toMatchObject(mismatch)
    service.behave(undefined)
    await signer.sign(request)
    const asked = service.requests.filter((each) => each.request.operation === 'publicKey')
    expect(asked).toHaveLength(1)
  })

  it('that is pinned and another there: refused at the first signature', async () => {
    await using service = await startService()
    await using other = await startService()
    const options = { url: service.url, key: 'k', publicKey: other.publicKey }
    const error = await rejection(createRemoteSigner(options).sign(request))
    expect(error).toMatchObject({ code: 'REMOTE_SIGNER_REPLY_MISMATCH', disposition: 'refuse' })
  })

  it('that is no point is refused when it is learnt', async () => {
    await using service = await startService()
    service.behave(({ response, good }) =>
      answerJson(response, { ...good, publicKey: 'ab'.repeat(64) }),
    )
    const error = await rejection(createRemoteSigner({ url: service.url, key: 'k' }).publicKey())
    expect(error).toMatchObject({ code: 'MALFORMED_PUBLIC_KEY', disposition: 'refuse' })
  })

  it('is asked for again after a failure', async () => {
    await using service = await startService()
    service.behave(({ response }) => answerJson(response, '', 404))
    const signer = createRemoteSigner({ url: service.url, key: 'k' })
    expect(await rejection(signer.publicKey())).toMatchObject({ code: 'REMOTE_SIGNER_NOT_FOUND' })
    service.behave(undefined)
    expect((await signer.publicKey()).bytes).toHaveLength(64)
  })
})

describe('TLS', () => {
  const [server, client] = [createCertificate(['127.0.0.1']), createCertificate(['client'])]
  const guarded = { ...server, ca: client.cert, requestCert: true, rejectUnauthorized: true }
  const signerOf = (url: string, tls: RemoteSignerTls) =>
    createRemoteSigner({ url, tls, key: 'k', totalTimeoutMs: 5_000 })

  it('signs with a client certificate, on one connection', async () => {
    await using service = await startService({ tls: guarded })
    const signer = signerOf(service.url, { ...client, ca: server.cert })
    await signer.sign(request)
    await signer.sign(request)
    expect(service.opened()).toBe(1)
  })

  const expired = createCertificate(['127.0.0.1'], -1)
  const named = createCertificate(['signer.internal'])
  const rows: readonly (readonly [string, object, RemoteSignerTls])[] = [
    ['whose authority nobody knows', server, {}],
    ['signed by another', server, { ca: createCertificate(['127.0.0.1']).cert }],
    ['that has ended', expired, { ca: expired.cert }],
    ['of another host', named, { ca: named.cert }],
    [
      'of TLS 1.1',
      { ...server, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' },
      { ca: server.cert },
    ],
    ['that asks for a certificate we have not', guarded, { ca: server.cert }],
  ]
  it.each(rows)(
    'to a server %s is REMOTE_SIGNER_TLS_FAILED, and nothing is asked',
    async (_, tls, ours) => {
      await using service = await startService({ tls })
      expect(await rejection(signerOf(service.url, ours).publicKey())).toMatchObject({
        code: 'REMOTE_SIGNER_TLS_FAILED',
        disposition: 'hold',
      })
      expect(service.requests).toHaveLength(0)
    },
  )

  it('to a server that does not know our certificate, and only hangs up, is tried again', async () => {
    await using service = await startService({ tls: guarded })
    const tls = { ...createCertificate(['client']), ca: server.cert }
    const { url } = service
    const signer = createRemoteSigner({ url, tls, key: 'k', totalTimeoutMs: 1_000 })
    const code = expect.stringMatching(/^REMOTE_SIGNER_(UNAVAILABLE|TLS_FAILED)$/)
    expect(await rejection(signer.publicKey())).toMatchObject({ code })
    expect(service.requests).toHaveLength(0)
  })

  it('takes the name in the certificate from servername', async () => {
    await using service = await startService({ tls: named })
    const tls = { ca: named.cert, servername: 'signer.internal' }
    expect(await signerOf(service.url, tls).sign(request)).toHaveLength(64)
  })

  it('to a port without it is REMOTE_SIGNER_TLS_FAILED', async () => {
    await using service = await startService()
    const url = service.url.replace('http:', 'https:')
    const error = await rejection(signerOf(url, {}).publicKey())
    expect(error).toMatchObject({ code: 'REMOTE_SIGNER_TLS_FAILED' })
  })

  it('shows no key and no certificate in an error', async () => {
    await using service = await startService({ tls: guarded })
    const own = createCertificate(['client'])
    const error = await rejection(signerOf(service.url, { ...own, ca: server.cert }).publicKey())
    const { inspect } = await import('node:util')
    const shown = inspect(error, { depth: 10, showHidden: true })
    for (const line of own.key.split('\n').slice(1, -2)) expect(shown).not.toContain(line)
  })
})

function withAbort() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error('stopped')) }
}
