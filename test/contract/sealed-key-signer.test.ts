import { createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import { createMapStore } from '../support/map-store.ts'
import { createSealingKms } from '../support/sealing-kms.ts'
import { describeSignerContract } from './signer-contract.ts'

for (const generatedBy of ['here', 'kms'] as const)
  for (const isCached of generatedBy === 'here' ? [false, true] : [false])
    describeSignerContract(
      `The sealed key made ${generatedBy}${isCached ? ', with cached data keys,' : ''}`,
      async (algorithm) => {
        const kms = createSealingKms()
        const keys = createSealedKeys({
          kms: kms.client,
          keyId: kms.arn,
          store: createMapStore(),
          ...(isCached && { dataKeyCache: { maxKeys: 1, maxAgeMs: 60_000, maxUses: 7 } }),
        })
        await keys.create('wallet', { algorithm, generatedBy })
        return { signer: keys.signer('wallet'), secrets: ['fake-secret'] }
      },
    )
