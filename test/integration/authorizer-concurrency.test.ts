import { KmsAuthorizer } from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { type FlowChain, noop, startChainAndKms } from '../support/flow-chain.ts'
import type { TestKms } from '../support/kms.ts'
import { patient } from '../support/limits.ts'

const ACCOUNTS = 60

let chain: FlowChain
let kms: TestKms

beforeAll(async () => {
  // The emulator answers 500 while it executes a block; FCL says so and sends the same bytes again.
  console.warn = () => undefined
  ;({ chain, kms } = await startChainAndKms())
})

afterAll(async () => {
  await Promise.all([chain?.[Symbol.asyncDispose](), kms?.[Symbol.asyncDispose]()])
})

it(`seals ${ACCOUNTS} concurrent fcl.mutate calls from ${ACCOUNTS} accounts, two KMS calls each`, async () => {
  const keyIds = [await kms.createKey(), await kms.createKey({ KeySpec: 'ECC_NIST_P256' })]
  // A call that MiniStack did not answer in time would be made again, and counted.
  const signers = keyIds.map((keyId) =>
    createAwsKmsSigner({ client: kms.client, keyId, ...patient }),
  )
  const keys = signers.map((signer) => ({ signer, weight: 500 }))
  const addresses: string[] = []
  // As many in one transaction as fit its compute limit.
  while (addresses.length < ACCOUNTS) addresses.push(...(await chain.createAccounts(keys, 10)))
  const authorizer = KmsAuthorizer.fromSigners(signers, { accessNode: chain.url })
  const before = kms.calls.get('Sign') ?? 0
  const outcomes = await Promise.all(
    addresses.map((address) => chain.send({ cadence: noop, authz: authorizer.authorize(address) })),
  )
  expect(outcomes.flatMap(({ errorMessage }) => errorMessage).filter(Boolean)).toEqual([])
  expect(new Set(outcomes.map(({ id }) => id)).size).toBe(ACCOUNTS)
  expect((kms.calls.get('Sign') ?? 0) - before).toBe(2 * ACCOUNTS)
})
