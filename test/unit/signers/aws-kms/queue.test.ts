/** Waiting here is not KMS being slow: no clock runs in the line. @module */
import { Agent as HttpAgent } from 'node:http'
import { Agent } from 'node:https'
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms'
import { jest } from '@jest/globals'
import { clientQueue } from '../../../../src/signers/aws/client-queue.ts'
import { kmsClient } from '../../../../src/signers/aws-kms/client.ts'
import { createAwsKmsSigner } from '../../../../src/signers/aws-kms/index.ts'
import { kmsLimits } from '../../../../src/signers/aws-kms/limits.ts'
import { createCallQueue } from '../../../../src/signers/call-queue.ts'
import { holdClock } from '../../../support/held-clock.ts'
import { verifyByElliptic } from '../../crypto/independent.ts'
import { configOf, goodAnswer, key, keyArn, startKms } from './http-kms.ts'

const messageOf = (name: string) => new TextEncoder().encode(name)
const requestOf = (name: string) =>
  ({ message: messageOf(name), hashAlgorithm: 'SHA3_256' }) as const

type HttpRequest = { readonly headers: Record<string, string>; readonly body: Uint8Array }

/** A network of a few sockets that answers when it is told to; reading the key is answered at once. */
function gatedKms(sockets: number) {
  const open: { readonly good: () => void; readonly fail: (error: Error) => void }[] = []
  let most = 0
  const requestHandler = {
    configProvider: Promise.resolve({ httpsAgent: new Agent({ maxSockets: sockets }) }),
    handle: (request: HttpRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
      const target = String(request.headers['x-amz-target'])
      const answer = goodAnswer(target, new TextDecoder().decode(request.body))
      const reply = { response: { statusCode: 200, headers: {}, body: Buffer.from(answer) } }
      if (!target.endsWith('.Sign')) return Promise.resolve(reply)
      return new Promise((resolve, reject) => {
        const done = <T>(settle: (value: T) => void) => {
          return (value: T) => {
            open.splice(open.indexOf(one), 1)
            settle(value)
          }
        }
        const one = { good: () => done(resolve)(reply), fail: done(reject) }
        open.push(one)
        most = Math.max(most, open.length)
        abortSignal?.addEventListener('abort', () => one.fail(new Error('aborted')))
      })
    },
  }
  const { endpoint: _, ...config } = configOf('http://127.0.0.1')
  // The handler stands in for a network; only `handle` is called.
  const client = new KMSClient({ ...config, requestHandler } as unknown as KMSClientConfig)
  return { client, open, most: () => most }
}

const realNow = performance.now.bind(performance) // before it is faked

/** Lets happen what needs no time, until it has. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = realNow() + 30_000
  while (!isSo()) {
    if (realNow() > deadline) throw new Error('it never came to be')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('signatures that wait for a socket', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] })
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  it('are all made, however much longer than the limits the last one waits', async () => {
    const { client, open, most } = gatedKms(2)
    const signers = [1, 2].map(() => createAwsKmsSigner({ client, keyId: keyArn }))
    const names = Array.from({ length: 50 }, (_, index) => `message ${index}`)
    let ended = 0
    const signing = names.map(async (name, index) => {
      const signature = await signers[index % 2]?.sign(requestOf(name))
      ended += 1
      return signature
    })
    // A second for each two of them: more than twice as long as a call may take.
    for (const _ of names.slice(0, 25)) {
      await until(() => open.length === 2)
      await jest.advanceTimersByTimeAsync(1_000)
      const before = ended
      for (const { good } of [...open]) good()
      await until(() => ended === before + 2)
    }
    const signatures = await Promise.all(signing)
    for (const [index, name] of names.entries()) {
      const signature = signatures[index] ?? new Uint8Array()
      expect(verifyByElliptic(key, messageOf(name), 'SHA3_256', signature)).toBe(true)
    }
    expect(most()).toBe(2)
  })

  it('end with the limit of the queue, which is named, and were not sent', async () => {
    const { client, open, most } = gatedKms(1)
    const limits = { totalTimeoutMs: 3_600_000, requestTimeoutMs: 3_600_000 }
    const signer = createAwsKmsSigner({ client, keyId: keyArn, ...limits, queueTimeoutMs: 5_000 })
    await signer.publicKey()
    const first = signer.sign(requestOf('first'))
    await until(() => open.length === 1)
    const second = signer.sign(requestOf('second')).catch((thrown: unknown) => thrown)
    const queue = await clientQueue(client)
    await until(() => queue.waiting() === 1)
    await jest.advanceTimersByTimeAsync(5_001)
    expect(await second).toMatchObject({
      code: 'KMS_QUEUE_TIMEOUT',
      disposition: 'retry',
      context: { keyId: keyArn, waitedFor: 'socket', wasSent: false, callsAtOnce: 1 },
    })
    open[0]?.good()
    expect(await first).toHaveLength(64)
    expect([open.length, queue.waiting(), most()]).toEqual([0, 0, 1])
  })

  it('leave the line when their caller aborts, with his reason', async () => {
    const { client, open } = gatedKms(1)
    const signer = createAwsKmsSigner({ client, keyId: keyArn })
    await signer.publicKey()
    const controller = new AbortController()
    const queue = await clientQueue(client)
    const first = signer.sign(requestOf('first'))
    await until(() => open.length === 1)
    const { signal } = controller
    const second = signer.sign({ ...requestOf('second'), signal }).catch((reason) => reason)
    const third = signer.sign(requestOf('third'))
    await until(() => queue.waiting() === 2)
    controller.abort('enough')
    expect(await second).toBe('enough')
    open[0]?.good()
    await first
    await until(() => open.length === 1)
    open[0]?.good()
    expect(await third).toHaveLength(64)
  })

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'lose no turn when their caller aborts %d microtasks after they got it',
    async (microtasks) => {
      const { client, open } = gatedKms(1)
      const signer = createAwsKmsSigner({ client, keyId: keyArn })
      await signer.publicKey()
      const queue = await clientQueue(client)
      const giveBack = await queue.join().turn(new AbortController().signal)
      const controller = new AbortController()
      const { signal } = controller
      const leaving = signer.sign({ ...requestOf('leaving'), signal }).catch((reason) => reason)
      await until(() => queue.waiting() === 1)
      giveBack()
      for (let count = 0; count < microtasks; count++) await undefined
      controller.abort('enough')
      expect(await leaving).toBe('enough')
      const next = signer.sign(requestOf('next'))
      await until(() => queue.waiting() === 1 || open.length === 1)
      expect([queue.waiting(), open.length]).toEqual([0, 1])
      open[0]?.good()
      expect(await next).toHaveLength(64)
    },
  )

  it('give a retry of an older one the way', async () => {
    const { client, open } = gatedKms(1)
    const signer = createAwsKmsSigner({ client, keyId: keyArn })
    await signer.publicKey()
    const ended: string[] = []
    const sign = (name: string) => signer.sign(requestOf(name)).then(() => ended.push(name))
    const queue = await clientQueue(client)
    const all = [sign('oldest')]
    await until(() => open.length === 1)
    all.push(sign('younger'), sign('youngest'))
    await until(() => queue.waiting() === 2)
    open[0]?.fail(Object.assign(new Error('reset'), { name: 'KMSInternalException' }))
    await until(() => queue.waiting() === 1 && open.length === 1) // the younger one is on its way
    for (let tries = 0; queue.waiting() === 1 && tries < 1_000; tries++)
      await jest.advanceTimersByTimeAsync(10) // the pause of the oldest
    for (let count = 1; count <= 3; count++) {
      await until(() => open.length === 1)
      open[0]?.good()
      await until(() => ended.length === count)
    }
    await Promise.all(all)
    expect(ended).toEqual(['younger', 'oldest', 'youngest'])
  })

  it.each([
    [500, 0],
    [2_000, 1],
  ])('for %d ms take %d turns of the quota more', async (waitMs, turns) => {
    const { client, open } = gatedKms(1)
    const signer = createAwsKmsSigner({ client, keyId: keyArn })
    await signer.publicKey()
    let asked = 0
    const nextTurn = async () => {
      asked += 1
    }
    const pace = { nextTurn, throttled: () => undefined }
    const queue = await clientQueue(client)
    const first = signer.sign({ ...requestOf('first'), pace })
    await until(() => open.length === 1)
    const second = signer.sign({ ...requestOf('second'), pace })
    await until(() => queue.waiting() === 1)
    await jest.advanceTimersByTimeAsync(waitMs)
    open[0]?.good()
    await first
    await until(() => open.length === 1)
    open[0]?.good()
    await second
    expect(asked).toBe(turns)
  })

  it('do not count the wait for the quota, which follows a throttled request', async () => {
    const { client, open } = gatedKms(1)
    const signer = createAwsKmsSigner({ client, keyId: keyArn })
    await signer.publicKey()
    let go: () => void = () => undefined
    let asked = false
    const nextTurn = () =>
      new Promise<void>((resolve) => {
        asked = true
        go = resolve
      })
    const pace = { nextTurn, throttled: () => undefined }
    const signing = signer.sign({ ...requestOf('paced'), pace })
    await until(() => open.length === 1)
    open[0]?.fail(Object.assign(new Error('slow'), { name: 'ThrottlingException' }))
    for (let tries = 0; !asked && tries < 1_000; tries++) await jest.advanceTimersByTimeAsync(100)
    await jest.advanceTimersByTimeAsync(30_000) // three times as long as a call may take
    expect(open).toHaveLength(0)
    go()
    await until(() => open.length === 1)
    open[0]?.good()
    expect(await signing).toHaveLength(64)
  })
})

describe('the limit that is named', () => {
  const slow = 'an endpoint that never answers'
  it.each([
    ['requestTimeoutMs', { requestTimeoutMs: 100, totalTimeoutMs: 350 }],
    ['totalTimeoutMs', { requestTimeoutMs: 3_000, totalTimeoutMs: 150 }],
  ])(`at ${slow} is %s`, async (limit, limits) => {
    await using server = await startKms('Sign', () => undefined)
    using clock = holdClock() // the public key is answered
    const signer = createAwsKmsSigner({ client: configOf(server.url), keyId: keyArn, ...limits })
    await signer.publicKey()
    await expect(clock.passUntil(signer.sign(requestOf('slow')))).rejects.toMatchObject({
      code: 'KMS_TIMEOUT',
      context: { limit },
    })
  })

  /** Never knows the address of its host, and so never connects. */
  const lost = () => new HttpAgent({ lookup: () => undefined })
  it.each<[string, (config: KMSClientConfig) => KMSClientConfig | KMSClient]>([
    ['connectionTimeoutMs', (config) => ({ ...config, requestHandler: { httpAgent: lost() } })],
    [
      'connectionTimeout of the request handler',
      (config) => ({ ...config, requestHandler: { httpAgent: lost(), connectionTimeout: 40 } }),
    ],
    [
      'connectionTimeout of the request handler',
      (config) =>
        new KMSClient({ ...config, requestHandler: { httpAgent: lost(), connectionTimeout: 40 } }),
    ],
  ])('without a connection is the %s', async (limit, clientOf) => {
    const limits = { connectionTimeoutMs: 50, totalTimeoutMs: 400 }
    const client = clientOf(configOf('http://localhost:9'))
    const signer = createAwsKmsSigner({ client, keyId: keyArn, ...limits })
    await expect(signer.publicKey()).rejects.toMatchObject({
      code: 'KMS_TIMEOUT',
      context: { limit },
    })
  })

  it('at a handler of the caller is that of the handler', async () => {
    await using server = await startKms('Sign', () => undefined)
    const requestHandler = { requestTimeout: 50, throwOnRequestTimeout: true }
    const client = new KMSClient({ ...configOf(server.url), requestHandler })
    using clock = holdClock()
    const signer = createAwsKmsSigner({ client, keyId: keyArn, totalTimeoutMs: 400 })
    await signer.publicKey()
    await expect(clock.passUntil(signer.sign(requestOf('slow')))).rejects.toMatchObject({
      code: 'KMS_TIMEOUT',
      context: { limit: 'requestTimeout of the request handler' },
    })
  })
})

describe('calls at once', () => {
  const region = 'us-east-1'
  const agents = (maxSockets: number) => ({ httpsAgent: new Agent({ maxSockets }) })
  const clients: readonly (readonly [string, number, KMSClientConfig])[] = [
    ['the default handler', 50, { region }],
    ['a handler with options', 7, { region, requestHandler: { httpsAgent: { maxSockets: 7 } } }],
    ['an agent of the caller', 200, { region, requestHandler: agents(200) }],
    ['an agent without a bound', 50, { region, requestHandler: agents(Number.POSITIVE_INFINITY) }],
    [
      'an agent with a bound on all its sockets',
      9,
      { region, requestHandler: { httpsAgent: new Agent({ maxTotalSockets: 9 }) } },
    ],
    [
      'an endpoint without TLS',
      3,
      {
        region,
        endpoint: 'http://127.0.0.1:9',
        requestHandler: { httpAgent: new HttpAgent({ maxSockets: 3 }), ...agents(200) },
      },
    ],
  ]
  it.each(clients)('at %s are %d, of a client and of a configuration', async (_, limit, config) => {
    expect((await clientQueue(new KMSClient(config))).limit()).toBe(limit)
    const made = await kmsClient(config, kmsLimits({}))
    expect((await clientQueue(made)).limit()).toBe(limit)
  })

  it('at a handler of another make are 50', async () => {
    const requestHandler = { handle: async () => Promise.reject(new Error('unused')) }
    const client = new KMSClient({ region, requestHandler })
    expect((await clientQueue(client)).limit()).toBe(50)
  })

  it('are those of all clients on one agent that call the same endpoint', async () => {
    const requestHandler = agents(5)
    const [one, other, elsewhere] = await Promise.all(
      [region, region, 'eu-central-1'].map((each) =>
        clientQueue(new KMSClient({ region: each, requestHandler })),
      ),
    )
    expect(one).toBe(other)
    expect(one).not.toBe(elsewhere)
  })
})

describe('calls at once of an agent with a bound on all its sockets', () => {
  it('are those of all its clients, wherever they call', async () => {
    const requestHandler = { httpsAgent: new Agent({ maxSockets: 50, maxTotalSockets: 9 }) }
    const [one, elsewhere] = await Promise.all(
      ['us-east-1', 'eu-central-1'].map((region) =>
        clientQueue(new KMSClient({ region, requestHandler })),
      ),
    )
    expect(one).toBe(elsewhere)
    expect(one?.limit()).toBe(9)
  })
})

describe('createCallQueue', () => {
  const { signal } = new AbortController()

  it('lets in as many as its limit, first come, first served', async () => {
    const queue = createCallQueue(() => 2)
    const order: number[] = []
    const turns = [1, 2, 3, 4].map(async (number) => {
      const giveBack = await queue.join().turn(signal)
      order.push(number)
      return giveBack
    })
    const [first, second] = await Promise.all([turns[0], turns[1]])
    expect([order, queue.waiting()]).toEqual([[1, 2], 2])
    first?.()
    await turns[2]
    first?.() // the second time it does nothing
    expect([order, queue.waiting()]).toEqual([[1, 2, 3], 1])
    second?.()
    await turns[3]
    expect(order).toEqual([1, 2, 3, 4])
  })

  it('passes a turn on that was given in the moment in which its caller left', async () => {
    const queue = createCallQueue(() => 1)
    const giveBack = await queue.join().turn(signal)
    const controller = new AbortController()
    const leaving = queue
      .join()
      .turn(controller.signal)
      .catch((reason: unknown) => reason)
    const next = queue.join().turn(signal)
    giveBack()
    controller.abort('enough')
    expect(await leaving).toBe('enough')
    expect(await next).toBeInstanceOf(Function)
  })

  it('lets more in as soon as its limit grows', async () => {
    let limit = 1
    const queue = createCallQueue(() => limit)
    await queue.join().turn(signal)
    const second = queue.join().turn(signal)
    limit = 3
    const third = queue.join().turn(signal)
    expect(await Promise.all([second, third])).toHaveLength(2)
  })
})

describe('a burst of 1,000 signatures', () => {
  it('at 150 ms each is signed as a whole, without any option', async () => {
    using clock = holdClock() // so that it is 150 ms, and not those of a busy machine
    await using server = await startKms('Sign', (response, good) => {
      setTimeout(() => response.end(good), 150)
    })
    const { maxAttempts: _, ...client } = configOf(server.url)
    const signer = createAwsKmsSigner({ client, keyId: keyArn })
    const names = Array.from({ length: 1_000 }, (_, index) => `message ${index}`)
    const signing = Promise.all(names.map((name) => signer.sign(requestOf(name))))
    const signatures = await clock.passUntil(signing)
    expect(new Set(signatures.map((signature) => signature.length))).toEqual(new Set([64]))
    expect(server.requests).toHaveLength(1_001) // and one for the public key
  })
})
