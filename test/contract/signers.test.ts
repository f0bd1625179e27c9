import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { createFakeKms, kmsError } from '../support/fake-kms.ts'
import { patient } from '../support/limits.ts'
import { hexOf, softKey } from '../unit/crypto/independent.ts'
import { answerJson, startService } from '../unit/signers/remote/http-service.ts'
import { describeSignerContract } from './signer-contract.ts'

/** So that a test of a KMS that never answers takes no longer. */
const hasty = { requestTimeoutMs: 100, totalTimeoutMs: 200 }

const flippedHex = (hex: unknown) =>
  String(hex).replace(/.$/, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16))

/** In the last byte of s, so that it stays DER. */
const flipped = (der: Uint8Array) => der.with(-1, (der.at(-1) ?? 0) ^ 1)

describeSignerContract('The software signer', async (algorithm) => {
  const { privateKey } = softKey(algorithm)
  return { signer: createSoftwareSigner({ algorithm, privateKey }), secrets: [privateKey] }
})

describeSignerContract(
  'The AWS KMS signer',
  async (algorithm) => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm })
    const other = softKey(algorithm)
    const options = { client: kms.client, keyId: key.arn }
    return {
      signer: createAwsKmsSigner({ ...options, ...patient }),
      hasty: createAwsKmsSigner({ ...options, ...hasty }),
      secrets: [key.privateKey, 'fake-secret'],
      interrupt: async () => kms.always('Sign', kmsError('KMSInternalException', 500)),
      freeze: async () => kms.always('Sign', 'hang'),
      corrupt: async (how) =>
        kms.always('Sign', (reply, { Message }) => {
          const signer = how === 'other-key' ? other : key
          const { der } = signer.sign(Message ?? new Uint8Array())
          return { ...reply, Signature: how === 'other-key' ? der : flipped(der) }
        }),
      restore: async () => kms.always('Sign', undefined),
    }
  },
  { faults: ['interrupt', 'freeze', 'corrupt'] },
)

for (const way of ['HTTP', 'a Unix socket'] as const)
  describeSignerContract(
    `The remote signer by ${way}`,
    async (algorithm) => {
      const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-remote-'))
      const socketPath = join(folder, 'signing.sock')
      const isSocket = way !== 'HTTP'
      const service = await startService({ algorithm, ...(isSocket ? { socketPath } : {}) })
      const other = createSoftwareSigner({ algorithm })
      const target = isSocket ? { socketPath } : { url: service.url }
      const options = { ...target, key: 'minter', maxSockets: 8 }
      return {
        signer: createRemoteSigner({ ...options, ...patient }),
        hasty: createRemoteSigner({ ...options, totalTimeoutMs: 2_000 }),
        secrets: [service.privateKey],
        atOnce: { limit: 8, highest: service.highest },
        interrupt: service.close,
        freeze: async () => service.behave(() => undefined),
        corrupt: async (how) =>
          service.behave(async ({ response, good, request }) => {
            if (request.operation !== 'sign') return 'well'
            const signature =
              how === 'other-key' ? hexOf(await other.sign(request)) : flippedHex(good['signature'])
            return answerJson(response, { ...good, signature })
          }),
        async restore() {
          service.behave(undefined)
          await service.open()
        },
        async dispose() {
          await service.close()
          await rm(folder, { recursive: true, force: true })
        },
      }
    },
    { faults: ['interrupt', 'freeze', 'corrupt'] },
  )
