import { createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import { kmsError } from '../support/fake-kms.ts'
import { patient } from '../support/limits.ts'
import { createMapStore } from '../support/map-store.ts'
import { createSealingKms } from '../support/sealing-kms.ts'
import { describeSignerContract } from './signer-contract.ts'

/** So that a test of a KMS that never answers takes no longer. */
const hasty = { requestTimeoutMs: 100, totalTimeoutMs: 200 }

for (const generatedBy of ['here', 'kms'] as const)
  for (const isCached of generatedBy === 'here' ? [false, true] : [false])
    describeSignerContract(
      `The sealed key made ${generatedBy}${isCached ? ', with cached data keys,' : ''}`,
      async (algorithm) => {
        const [kms, store] = [createSealingKms(), createMapStore()]
        const open = (limits: typeof hasty) =>
          createSealedKeys({
            kms: kms.client,
            keyId: kms.arn,
            store,
            ...limits,
            ...(isCached && { dataKeyCache: { maxKeys: 1, maxAgeMs: 60_000, maxUses: 7 } }),
          })
        const keys = open(patient)
        await keys.create('wallet', { algorithm, generatedBy })
        await keys.create('another', { algorithm, generatedBy })
        const [record, other] = ['wallet', 'another'].map((id) => store.records.get(id))
        const put = async (bytes: Uint8Array = new Uint8Array()) =>
          void store.records.set('wallet', bytes)
        return {
          signer: keys.signer('wallet'),
          hasty: open(hasty).signer('wallet'),
          secrets: ['fake-secret'],
          interrupt: async () => kms.always('Decrypt', kmsError('KMSInternalException', 500)),
          freeze: async () => kms.always('Decrypt', 'hang'),
          corrupt: (how) =>
            put(how === 'other-key' ? other : record?.with(-1, ~(record.at(-1) ?? 0))),
          async restore() {
            kms.always('Decrypt', undefined)
            await put(record)
          },
        }
      },
      { faults: isCached ? ['corrupt'] : ['interrupt', 'freeze', 'corrupt'] },
    )
