/** A signing service by its HTTP doors, and a transaction that it signed on the emulator. @module */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KmsAuthorizer } from '../../src/index.ts'
import { createPolicy } from '../../src/policy/index.ts'
import { createRemoteSigner, type RemoteSignerOptions } from '../../src/signers/remote/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import {
  createSigningService,
  type ListenOptions,
  listen,
  type RequestEvent,
  type ServiceDoor,
  type SigningService,
} from '../../src/signing-service/index.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { createCertificate } from '../unit/admin-server/webhooks/certificate.ts'
import { algorithms } from '../unit/crypto/independent.ts'

const [server, client] = [createCertificate(['127.0.0.1']), createCertificate(['client'])]
const keyOf = { ECDSA_P256: 'p256', ECDSA_secp256k1: 'k1' }
const theirs = algorithms.map((algorithm) => createSoftwareSigner({ algorithm }))
const ours = createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' })

let chain: FlowChain
let folder: string
let addresses: readonly string[]
const events: RequestEvent[] = []

beforeAll(async () => {
  console.error = () => undefined // FCL prints every failure; the console is this file's own
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-remote-'))
  chain = await startChain()
  addresses = await Promise.all(
    theirs.map((signer) =>
      chain.createAccount([
        { signer: ours, weight: 500 },
        { signer, weight: 500 },
      ]),
    ),
  )
})
afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Signs for one account each, one script. */
const serviceFor = (cadence: string): SigningService =>
  createSigningService({
    keys: Object.fromEntries(
      theirs.map((signer, index) => {
        const accounts = [addresses[index] ?? '']
        const key = { signer, accounts, payload: true, envelope: true }
        return [keyOf[algorithms[index] ?? 'ECDSA_P256'], key]
      }),
    ),
    policy: createPolicy({
      chainId: 'flow-emulator',
      accounts: addresses,
      scripts: [{ name: 'noop', cadence, parameters: [], maxComputeLimit: 100 }],
    }),
    onRequest: (event) => events.push(event),
  })

type Way = Omit<RemoteSignerOptions, 'key'>
type Door = readonly [string, ListenOptions, (door: ServiceDoor) => Way]
const doors = (): readonly Door[] => [
  ['a port', { port: 0 }, ({ address }) => ({ url: address })],
  [
    'TLS with a client certificate',
    { port: 0, tls: { ...server, ca: client.cert } },
    ({ address }) => ({ url: address, tls: { ...client, ca: server.cert } }),
  ],
  ['a Unix socket', { socketPath: join(folder, 's') }, ({ address }) => ({ socketPath: address })],
]

const remote = (way: Way, key: string) => createRemoteSigner({ ...way, key } as RemoteSignerOptions)
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )

describe.each([0, 1, 2])('by door %d', (index) => {
  it.each(algorithms)('500 here and 500 there, on %s, seal a transaction', async (algorithm) => {
    const [, where, wayOf] = doors()[index] ?? never()
    await using door = await listen(serviceFor(noop), where)
    const signer = remote(wayOf(door), keyOf[algorithm])
    const address = addresses[algorithms.indexOf(algorithm)] ?? ''
    events.length = 0
    const signed: unknown[] = []
    const onSign = (event: unknown) => signed.push(event)
    const authz = KmsAuthorizer.fromSigners([ours, signer], { onSign }).authorize(address)
    const outcome = await chain.send({ cadence: noop, authz, limit: 100 })
    expect(outcome.errorMessage).toBe('')
    // The same request id in the audit of both sides.
    const { requestId } = events.at(-1) ?? never()
    expect(signed).toContainEqual(expect.objectContaining({ signerId: signer.id, requestId }))
  })

  it('what the policy there does not allow is refused, and nothing is sent', async () => {
    const [, where, wayOf] = doors()[index] ?? never()
    await using door = await listen(serviceFor('transaction {}'), where)
    const signers = [ours, remote(wayOf(door), 'k1')]
    const authz = KmsAuthorizer.fromSigners(signers).authorize(addresses[1] ?? '')
    expect(await rejection(chain.send({ cadence: noop, authz, limit: 100 }))).toMatchObject({
      code: 'REMOTE_SIGNER_REFUSED',
      context: { serviceCode: 'POLICY_REFUSED' },
    })
  })

  it('signs again after the service was away', async () => {
    const [, where, wayOf] = doors()[index] ?? never()
    const first = await listen(serviceFor(noop), where)
    const way = { ...wayOf(first), totalTimeoutMs: 500 }
    const signers = [ours, remote(way, 'k1')]
    const authz = KmsAuthorizer.fromSigners(signers).authorize(addresses[1] ?? '')
    const send = () => chain.send({ cadence: noop, authz, limit: 100 })
    expect((await send()).errorMessage).toBe('')
    await first.close()
    const code = expect.stringMatching(/^REMOTE_SIGNER_(UNAVAILABLE|TIMEOUT)$/)
    expect(await rejection(send())).toMatchObject({ code, disposition: 'retry' })
    const port = Number(URL.canParse(first.address) ? new URL(first.address).port : 0)
    await using _ = await listen(serviceFor(noop), port === 0 ? where : { ...where, port })
    expect((await send()).errorMessage).toBe('')
  })
})

describe('two services of one key', () => {
  const two = async (first: SigningService, second: SigningService) => {
    const doors = [await listen(first, { port: 0 }), await listen(second, { port: 0 })] as const
    const [one, other] = doors.map(({ address }) =>
      remote({ url: address, totalTimeoutMs: 500 }, 'k1'),
    )
    const authorizer = KmsAuthorizer.fromSigners([ours, one ?? never(), other ?? never()])
    const authz = authorizer.authorize(addresses[1] ?? '')
    return { doors, send: () => chain.send({ cadence: noop, authz, limit: 100 }) }
  }

  it('stand in for each other: the second signs when the first is away', async () => {
    const {
      doors: [first, second],
      send,
    } = await two(serviceFor(noop), serviceFor(noop))
    await using _ = second
    expect((await send()).errorMessage).toBe('')
    await first.close()
    expect((await send()).errorMessage).toBe('')
  })

  it('are not asked around: what the first refuses, the second is not asked', async () => {
    const asked: RequestEvent[] = []
    const second = serviceFor(noop)
    const counted: SigningService = {
      ...second,
      handle: async (request, call) => {
        const result = await second.handle(request, call)
        asked.push(events.at(-1) ?? never())
        return result
      },
    }
    const { doors, send } = await two(serviceFor('transaction {}'), counted)
    await using _first = doors[0]
    await using _second = doors[1]
    expect(await rejection(send())).toMatchObject({ code: 'REMOTE_SIGNER_REFUSED' })
    expect(asked.filter(({ operation }) => operation === 'sign')).toEqual([])
  })
})

function never(): never {
  throw new Error('there is none')
}
