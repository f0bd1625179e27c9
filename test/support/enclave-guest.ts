/** A parent, KMS and all else that an enclave has around it, with a real guest in the middle. @module */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createGuestRunner, type GuestRunner } from '../../examples/enclave/local/guest/runner.ts'
import {
  createEnclaveHost,
  type EnclaveHost,
  type EnclaveHostEvent,
} from '../../src/enclave/index.ts'
import type { PolicyRules } from '../../src/policy/index.ts'
import { listen, type ServiceDoor } from '../../src/signing-service/index.ts'
import { KMS_HOST, KMS_SECRET, startTestEnclave, type TestEnclave } from './enclave.ts'
import type { FileBeside } from './enclave-inside.ts'
import type { EnclaveTools } from './enclave-tools.ts'
import { createMapStore, type MapStore } from './map-store.ts'

/** The two programs that it can be started with. */
export type GuestProgram = 'shipped' | 'anything'

/** All of it. Write `await using`. */
export type GuestEnclave = AsyncDisposable & {
  readonly around: TestEnclave
  readonly host: EnclaveHost
  readonly runner: GuestRunner
  readonly store: MapStore
  /** The door of the parent, for `createRemoteSigner({ socketPath })`. */
  readonly door: ServiceDoor
  readonly vsockPath: string
  readonly events: readonly EnclaveHostEvent[]
  /** What the next start runs. */
  readonly setProgram: (program: GuestProgram) => void
}

/** Of the configuration; what is sealed is bound to it. */
export const ENCLAVE_NAME = 'a-guest'

type Made = { readonly ramdisks: readonly Uint8Array[]; readonly commandLine: string }
type Tools = {
  createGuestRamdisks(options: {
    tools: EnclaveTools
    configuration: Uint8Array
    overlay?: readonly FileBeside[]
  }): Promise<Made>
  bundleProgram(path: string): Promise<Uint8Array>
}
const moduleOf = async (name: string): Promise<Partial<Tools>> =>
  import(new URL(`../../tools/lib/enclave/${name}.mjs`, import.meta.url).href)

/** What a guest has more. */
export type MoreOfGuest = {
  /** Further keys, by what is around it. */
  readonly keys: (around: TestEnclave) => Promise<Readonly<Record<string, object>>>
  /** Over the shipped code. */
  readonly overlay: readonly FileBeside[]
  /** What its transactions may be. */
  readonly policy?: PolicyRules
}

/** @param keys - Of the configuration. They sign messages of users, unless they say otherwise. */
export async function startGuestEnclave(
  tools: EnclaveTools,
  keys: Readonly<Record<string, object>>,
  first: GuestProgram,
  more?: Partial<MoreOfGuest>,
): Promise<GuestEnclave> {
  const around = await startTestEnclave()
  const parts: AsyncDisposable[] = [around] // the last first
  const end = async () => {
    for (const part of parts) await part[Symbol.asyncDispose]()
  }
  try {
    const all = { ...keys, ...(await more?.keys?.(around)) }
    const configuration = Buffer.from(JSON.stringify(configurationOf(around, all, more?.policy)))
    let program = first
    // As in their JSDoc.
    const { createGuestRamdisks, bundleProgram } = {
      ...(await moduleOf('guest-ramdisks')),
      ...(await moduleOf('inside')),
    } as Tools
    const anything = fileURLToPath(new URL('enclave-anything.ts', import.meta.url))
    const vsockPath = join(around.folder, 'v')
    const runner = createGuestRunner(async () => {
      const other =
        program === 'shipped'
          ? []
          : [{ path: 'app/enclave.mjs', contents: await bundleProgram(anything) }]
      const overlay = [...other, ...(more?.overlay ?? [])]
      const made = await createGuestRamdisks({ tools, configuration, overlay })
      return { tools, ...made, socketPath: vsockPath, nsm: around.module.socketPath }
    })
    const store = createMapStore()
    const events: EnclaveHostEvent[] = []
    const host = await createEnclaveHost({
      vsock: { socketPath: vsockPath },
      store,
      runner,
      hosts: { 8001: `127.0.0.1:${around.kms.port}` },
      credentials: { accessKeyId: 'test', secretAccessKey: KMS_SECRET },
      onEvent: (event) => events.push(event),
      limits: {
        ...{ startTimeoutMs: 90_000, healthTimeoutMs: 10_000, requestTimeoutMs: 60_000 },
        ...{ minPauseMs: 50, maxPauseMs: 100 },
      },
    })
    parts.unshift(host)
    mkdirSync(join(around.folder, 'd'))
    const door = await listen(host.service, { socketPath: join(around.folder, 'd', 'door') })
    parts.unshift(door)
    return {
      ...{ around, host, runner, store, door, vsockPath, events },
      setProgram(next) {
        program = next
      },
      [Symbol.asyncDispose]: end,
    }
  } catch (thrown) {
    await end()
    throw thrown
  }
}

const configurationOf = (
  { keyArn, ca, aws }: TestEnclave,
  keys: Readonly<Record<string, object>>,
  policy: PolicyRules | undefined,
) => ({
  name: ENCLAVE_NAME,
  vsock: { parentCid: 2 },
  kms: { region: aws.region, keyId: keyArn, host: KMS_HOST, ca },
  keys: Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [
      name,
      {
        accounts: ['0xf8d6e0586b0a20c7'],
        payload: false,
        envelope: false,
        userMessages: true,
        ...key,
      },
    ]),
  ),
  ...(policy !== undefined && { policy }),
})
