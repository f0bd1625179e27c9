/** The signer contract on MiniStack, behind a proxy that is away, frozen or lies when told to. @module */
import { KMSClient } from '@aws-sdk/client-kms'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { describeSignerContract } from '../contract/signer-contract.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { startKms, type TestKms } from '../support/kms.ts'
import { patient } from '../support/limits.ts'
import { type SoftKey, softKey } from '../unit/crypto/independent.ts'

/** Unlike MiniStack's usual `test`, it can be looked for in an error. */
const secretAccessKey = 'a-secret-of-the-signer-contract'
/** So that a frozen KMS takes no longer. */
const hasty = { requestTimeoutMs: 1_500, totalTimeoutMs: 2_000 }
const maxSockets = 8

let kms: TestKms
let proxy: FaultProxy
beforeAll(async () => {
  kms = await startKms()
  proxy = await startFaultProxy({ target: kms.aws.endpoint })
})
afterAll(async () => {
  await proxy?.stop()
  await kms?.[Symbol.asyncDispose]()
})

type Json = Record<string, string>

/** The reply of KMS with a signature by another key, or with one bit of s changed. */
const lie = (how: 'other-key' | 'flipped-bit', other: SoftKey, asked: Json, reply: Json): Json => {
  const der = Buffer.from(reply['Signature'] ?? '', 'base64')
  const digest = Buffer.from(asked['Message'] ?? '', 'base64')
  const changed = how === 'other-key' ? other.sign(digest).der : der.with(-1, (der.at(-1) ?? 0) ^ 1)
  return { ...reply, Signature: Buffer.from(changed).toString('base64') }
}

for (const MultiRegion of [false, true])
  describeSignerContract(
    `A ${MultiRegion ? 'multi-Region ' : ''}key of MiniStack`,
    async (algorithm) => {
      const KeySpec = algorithm === 'ECDSA_P256' ? 'ECC_NIST_P256' : 'ECC_SECG_P256K1'
      const credentials = { accessKeyId: 'test', secretAccessKey }
      const reach = {
        endpoint: proxy.url,
        requestHandler: { httpsAgent: { maxSockets }, httpAgent: { maxSockets } },
      }
      const config = { ...kms.aws.clientConfig(), credentials, ...reach }
      const client = new KMSClient(config)
      const keyId = await kms.createKey({ KeySpec, MultiRegion })
      const other = softKey(algorithm)
      return {
        signer: createAwsKmsSigner({ client, keyId, ...patient }),
        hasty: createAwsKmsSigner({ client, keyId, ...hasty }),
        secrets: [secretAccessKey],
        interrupt: async () => proxy.setFault(() => ({ kind: 'reset-before' })),
        freeze: async () => proxy.setFault(() => ({ kind: 'blackhole' })),
        corrupt: async (how) =>
          proxy.setFault(({ body: asked }) => ({
            kind: 'rewrite',
            fn: (reply) =>
              JSON.stringify(lie(how, other, JSON.parse(String(asked)), JSON.parse(reply))),
          })),
        restore: async () => proxy.setFault(undefined),
        dispose: async () => client.destroy(),
      }
    },
    { faults: MultiRegion ? [] : ['interrupt', 'freeze', 'corrupt'] },
  )
