import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import {
  createMemoryRotations,
  kmsVault,
  type RotateKeyOptions,
  rotateKey,
  showAccount,
} from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type FlowChain, type KeySpec, noop, startChainAndKms } from '../support/flow-chain.ts'
import type { TestKms } from '../support/kms.ts'

let chain: FlowChain
let kms: TestKms

beforeAll(async () => {
  console.error = () => undefined // FCL prints every failure; the console is this file's own
  ;({ chain, kms } = await startChainAndKms())
})

afterAll(async () => {
  await Promise.all([chain?.[Symbol.asyncDispose](), kms?.[Symbol.asyncDispose]()])
})

const software = () => createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' })
const kmsSigner = async () =>
  createAwsKmsSigner({ client: kms.client, keyId: await kms.createKey() })
const hexOf = async (signer: Signer) =>
  Buffer.from((await signer.publicKey()).bytes).toString('hex')

/** An account with these keys, and what rotates the first of them. */
async function accountOf(keys: readonly KeySpec[], held = keys.map(({ signer }) => signer)) {
  const address = await chain.createAccount(keys)
  const signers = [...new Set(held)]
  const authorizer = KmsAuthorizer.fromSigners(signers, { accessNode: chain.url })
  const [old = software()] = signers
  const options: RotateKeyOptions = {
    accessNode: chain.url,
    chainId: 'flow-emulator',
    address,
    authorizer,
    publicKey: await hexOf(old),
    vault: kmsVault({ client: kms.client }),
    rotations: createMemoryRotations(),
  }
  const keysOf = async () => (await showAccount({ accessNode: chain.url, address })).keys
  return { address, options, keysOf, old }
}

describe('a rotation of a KMS key', () => {
  it('puts a new key in the place of the one that holds the account alone', async () => {
    const signer = await kmsSigner()
    const { address, options, keysOf } = await accountOf([
      { signer, weight: 1000 },
      { signer, weight: 0 },
      { signer, weight: 0 },
    ])
    const report = await rotateKey(options)
    expect(report).toMatchObject({ state: 'done', step: 'done' })
    const keys = await keysOf()
    expect(keys.filter(({ revoked }) => revoked).map(({ index }) => index)).toEqual([0, 1, 2])
    const fresh = keys.filter(({ revoked }) => !revoked)
    expect(fresh.map(({ weight }) => weight)).toEqual([0, 0, 1000])
    expect(new Set(fresh.map(({ publicKey }) => publicKey)).size).toBe(1)
    const { reference = '' } = report.newKey ?? {}
    const newSigner = createAwsKmsSigner({ client: kms.client, keyId: reference })
    const authz = KmsAuthorizer.fromSigners(newSigner, { accessNode: chain.url }).authorize(address)
    expect((await chain.send({ cadence: noop, authz })).errorMessage).toBe('')
  })
})
