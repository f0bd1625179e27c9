/** The signer in the enclave, put together of its sockets and its configuration. @module */

import { join } from 'node:path'
import { SignerError } from 'fcl-kms'
import { connectSecurityModule, createRecipient } from 'fcl-kms/enclave'
import { createPolicy } from 'fcl-kms/policy'
import { createSealedKeys } from 'fcl-kms/signers/sealed-key'
import { createMemoryLedger, createSigningService, listen } from 'fcl-kms/signing-service'
import type { EnclaveConfiguration } from './configuration.ts'
import { openControlDoor } from './control-door.ts'
import type { Events } from './events.ts'
import { createHealth } from './health.ts'
import { createHsms } from './hsms.ts'
import { createEnclaveKeys } from './keys.ts'
import { createKmsClient } from './kms-client.ts'
import type { AskParent } from './parent.ts'
import { createParentStore } from './parent-store.ts'
import { openPin } from './sealed-pin.ts'

/** What it stands on: the folder of the sockets, and the way to the parent. */
export type EnclavePlace = {
  readonly run: string
  readonly ask: AskParent
  readonly events: Events
}

/** A program that runs. */
export type EnclaveProgram = { readonly close: () => Promise<void> }

/** Milliseconds between two looks at keys that have failed, when somebody asks for the health. */
const LOOK_AGAIN_MS = 10_000

/**
 * @throws {SignerError} `ENCLAVE_START_FAILED`, and the codes of the security module.
 */
export async function startProgram(
  configuration: EnclaveConfiguration,
  { run, ask, events }: EnclavePlace,
): Promise<EnclaveProgram> {
  const { kms, name, dataKeyCache } = configuration
  const socket = (of: string) => join(run, `${of}.sock`)
  const health = createHealth()

  const securityModule = connectSecurityModule({ socketPath: socket('nsm') })
  const recipient = createRecipient({ securityModule })
  await recipient.attest() // without a security module it is no enclave, and goes no further

  const client = createKmsClient({ kms, socketPath: socket('kms'), ask })
  const sealed = createSealedKeys({
    kms: client,
    keyId: kms.keyId,
    store: createParentStore(ask),
    recipient,
    context: { enclave: name },
    requestTimeoutMs: 6_000,
    ...(dataKeyCache === undefined ? {} : { dataKeyCache }),
  })
  const pins = { kms: client, keyId: kms.keyId, recipient, enclave: name }
  const hsms = createHsms((key) => openPin(key, pins))
  const keys = createEnclaveKeys(configuration.keys, sealed, hsms)
  const service = createSigningService({
    keys: keys.ofService,
    ...(configuration.policy !== undefined && { policy: createPolicy(configuration.policy) }),
    ledger: createMemoryLedger(),
    maxConcurrent: 128,
    attest: (request, options) => securityModule.attest(request, options),
    onRequest(event) {
      health.observe(event)
      events.tell(event)
    },
  })

  async function look(names: readonly string[]): Promise<void> {
    for (const key of names) await service.handle({ version: 1, operation: 'publicKey', key })
  }
  let lookedAt = Number.NEGATIVE_INFINITY
  function lookAgain(): void {
    const failing = health.failing()
    if (failing.length === 0 || performance.now() - lookedAt < LOOK_AGAIN_MS) return
    lookedAt = performance.now()
    void look(failing)
  }

  const signing = await opened('signing.sock', () =>
    listen(service, { socketPath: socket('signing'), maxConnections: 128 }),
  )
  const closeControl = await opened('control.sock', () =>
    openControlDoor(socket('control'), {
      '/create': { fields: ['key'], answer: ({ key }) => keys.create(String(key)) },
      '/health': {
        fields: [],
        answer() {
          lookAgain()
          return health.report()
        },
      },
    }),
  )
  void look(Object.keys(keys.ofService)).then(health.started)

  return {
    async close() {
      await Promise.all([signing.close(), closeControl()])
      sealed.close()
      await hsms.close()
    },
  }
}

async function opened<T>(step: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (thrown) {
    if (thrown instanceof SignerError) throw thrown
    const reason = String(Object(thrown).code ?? 'it cannot be opened')
    throw new SignerError('ENCLAVE_START_FAILED', { step, reason })
  }
}
