/** The parent of an enclave, with a real signing service behind a vsock of Unix sockets. @module */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { payloadMessage } from '../../src/crypto/transaction.ts'
import { createEnclaveHost, type EnclaveHostEvent } from '../../src/enclave/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { listen, type ServiceDoor } from '../../src/signing-service/index.ts'
import { bridgeTo, type FakeVsock, startFakeVsock } from '../support/fake-vsock.ts'
import { createMapStore } from '../support/map-store.ts'
import { serviceWith, signer, transaction } from '../unit/signing-service/fixture.ts'

let folder: string
let vsock: FakeVsock
let inside: ServiceDoor
const { service } = serviceWith()
const message = payloadMessage(transaction)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-enclave-'))
  vsock = await startFakeVsock(join(folder, 'v'))
  inside = await listen(service, { socketPath: join(folder, 'inside') })
})
beforeEach(() => {
  vsock.ports.clear()
  vsock.ports.set(5_000, bridgeTo(inside.address))
})
afterAll(async () => {
  await vsock?.[Symbol.asyncDispose]()
  await inside?.close()
  await rm(folder, { recursive: true, force: true })
})

const startHost = (events: EnclaveHostEvent[] = []) =>
  createEnclaveHost({
    vsock: { socketPath: vsock.socketPath },
    store: createMapStore(),
    hosts: {},
    onEvent: (event) => events.push(event),
  })

describe('a host', () => {
  it('lets a remote signer sign through the enclave, by its own door', async () => {
    await using host = await startHost()
    await using door = await listen(host.service, { socketPath: join(folder, 'd') })
    const remote = createRemoteSigner({ socketPath: door.address, key: 'minter' })
    const signature = await remote.sign({ message, hashAlgorithm: 'SHA3_256' })
    expect(signature).toHaveLength(64)
    expect((await remote.publicKey()).bytes).toEqual((await signer.publicKey()).bytes)
    expect(host.stats()).toMatchObject({ requests: 2, refusals: 0 })
  })
})
