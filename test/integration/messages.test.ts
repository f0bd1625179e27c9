import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { KmsAuthorizer } from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { type Fcl, loadFcl } from '../support/fcl.ts'
import { type FlowChain, startChainAndKms } from '../support/flow-chain.ts'
import type { TestKms } from '../support/kms.ts'

const deployCadence = `transaction(code: String) {
  prepare(signer: auth(AddContract) &Account) { signer.contracts.add(name: "FCLCrypto", code: code.utf8) }
}`

let chain: FlowChain
let kms: TestKms
let address: string
let authorizer: KmsAuthorizer
let options: { fclCryptoContract: string }

beforeAll(async () => {
  ;({ chain, kms } = await startChainAndKms())
  const code = await readFile(new URL('../support/fcl-crypto.cdc', import.meta.url), 'utf8')
  const deployed = await chain.send({
    cadence: deployCadence,
    args: (arg, t) => [arg(code, t['String'])],
    authz: chain.service,
  })
  expect(deployed.errorMessage).toBe('')
  options = { fclCryptoContract: chain.serviceAddress }
  const keyIds = [await kms.createKey(), await kms.createKey({ KeySpec: 'ECC_NIST_P256' })]
  const [first, second] = keyIds.map((keyId) => createAwsKmsSigner({ client: kms.client, keyId }))
  if (first === undefined || second === undefined) throw new Error('two keys are needed')
  address = await chain.createAccount([
    { signer: first, weight: 500, hashAlgorithm: 'SHA3_256' },
    { signer: second, weight: 500, hashAlgorithm: 'SHA2_256' },
  ])
  authorizer = new KmsAuthorizer(kms.client, keyIds, { accessNode: chain.url })
})

afterAll(async () => {
  await Promise.all([chain?.[Symbol.asyncDispose](), kms?.[Symbol.asyncDispose]()])
})

const hello = Buffer.from('Hello, Flow! ✓').toString('hex')

// FCL 1.0.0 is left out: the script it verifies with is Cadence from before 1.0.
describe.each(['@onflow/fcl', 'fcl-1.21.9', 'fcl-1.10.0'] as const)('AppUtils of %s', (name) => {
  let fcl: Fcl
  beforeAll(async () => {
    fcl = await loadFcl(name)
    fcl.config({ 'accessNode.api': chain.url, 'flow.network': 'local' })
  })

  it('accepts a user message signed by 500+500', async () => {
    const signatures = await authorizer.signUserMessage(address, hello)
    expect(signatures.map(({ keyId }) => keyId)).toEqual([0, 1])
    await expect(fcl.AppUtils.verifyUserSignatures(hello, signatures, options)).resolves.toBe(true)
  })

  it('refuses the same signatures for another message', async () => {
    const signatures = await authorizer.signUserMessage(address, hello)
    const other = `${hello}21`
    await expect(fcl.AppUtils.verifyUserSignatures(other, signatures, options)).resolves.toBe(false)
  })

  it('refuses a user message signed by one key of 500', async () => {
    const signatures = await authorizer.signUserMessage(address, hello, [1])
    await expect(fcl.AppUtils.verifyUserSignatures(hello, signatures, options)).resolves.toBe(false)
  })

  it('accepts an account proof', async () => {
    const proof = { appIdentifier: 'fcl-kms tests', nonce: randomBytes(32).toString('hex') }
    const signatures = await authorizer.signAccountProof(address, proof)
    const data = { address, nonce: proof.nonce, signatures }
    const verified = fcl.AppUtils.verifyAccountProof(proof.appIdentifier, data, options)
    await expect(verified).resolves.toBe(true)
  })

  it('refuses an account proof shown to another application', async () => {
    const proof = { appIdentifier: 'fcl-kms tests', nonce: randomBytes(32).toString('hex') }
    const signatures = await authorizer.signAccountProof(address, proof)
    const data = { address, nonce: proof.nonce, signatures }
    const verified = fcl.AppUtils.verifyAccountProof('another application', data, options)
    await expect(verified).resolves.toBe(false)
  })
})

describe('signUserMessage', () => {
  it.each([
    ['a 0x prefix', `0x${hello}`],
    ['an odd number of digits', 'abc'],
    ['other characters', 'zz'],
  ])('refuses %s before any KMS call', async (_, message) => {
    const before = kms.calls.get('Sign') ?? 0
    const refusal = expect.objectContaining({ code: 'MALFORMED_HEX' })
    await expect(authorizer.signUserMessage(address, message)).rejects.toEqual(refusal)
    expect(kms.calls.get('Sign') ?? 0).toBe(before)
  })

  it('refuses an account proof with a nonce under 32 bytes', async () => {
    const proof = { appIdentifier: 'fcl-kms tests', nonce: randomBytes(31).toString('hex') }
    const refusal = expect.objectContaining({ code: 'INVALID_OPTION' })
    await expect(authorizer.signAccountProof(address, proof)).rejects.toEqual(refusal)
  })
})
