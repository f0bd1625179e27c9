import { KmsAuthorizer } from '../../../../src/authorizer/kms-authorizer.ts'
import {
  createMemoryRotations,
  type RotateKeyOptions,
  rotateKey,
  signerVault,
} from '../../../../src/provisioning/index.ts'
import { planOf } from '../../../../src/provisioning/rotation/plan.ts'
import { createSoftwareSigner } from '../../../../src/signers/software-signer.ts'
import { account, key, publicKeyOf } from './accounts.ts'

/** A node that nobody answers for: what is refused is refused before it is asked. */
const accessNode = { url: 'http://127.0.0.1:9', timeoutMs: 100 }

async function again(wish: Partial<RotateKeyOptions>) {
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  const rotations = createMemoryRotations()
  const half = account(key('a', { weight: 500 }), key('b', { weight: 500 }))
  const { address } = half
  const publicKey = publicKeyOf('a')
  const plan = planOf({ account: half, chainId: 'flow-testnet', publicKey, emergency: false })
  await rotations.begin({
    ...{ version: 1, id: '0123456789abcdef', revision: 0, address, chainId: 'flow-testnet' },
    ...{ createdAt: 1, updatedAt: 1, state: 'open', plan, step: 'create', history: [] },
  })
  const authorizer = KmsAuthorizer.fromSigners(signer)
  const base = { accessNode, address, authorizer, rotations, publicKey, vault: signerVault(signer) }
  return rotateKey({ ...base, ...wish })
}

describe('a rotation that is open, asked for again', () => {
  it.each([
    ['emergency', { emergency: true }],
    ['hashAlgorithm', { hashAlgorithm: 'SHA2_256' }],
    ['copies', { copies: 7 }],
  ] as const)('is refused with another %s than it was begun with', async (option, wish) => {
    await expect(again(wish)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })

  it.each([
    ['copies', { copies: Number.NaN }],
    ['hashAlgorithm', { hashAlgorithm: 'nonsense' }],
    ['emergency', { emergency: 'no' }],
    ['retirement', { retirement: {} }],
    ['retirement', { retirement: { kind: 'x', reference: 'y', disable: true } }],
    ['chainId', { chainId: Object.create(null) }],
  ])('is refused with a senseless %s', async (option, wish) => {
    // As JavaScript may call it.
    await expect(again(wish as Partial<RotateKeyOptions>)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })

  it.each([
    ['nothing', {}],
    ['the same', { emergency: false, hashAlgorithm: 'SHA3_256', copies: 1 }],
  ] as const)('goes on with %s asked for', async (_, wish) => {
    await expect(again(wish)).rejects.toMatchObject({ code: 'ACCESS_NODE_UNREACHABLE' })
  })
})
