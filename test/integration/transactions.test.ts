/** Parties that share nothing but files: prepared, signed, approved and sent on a real chain. @module */
import { bytesToHex, type Transaction, transactionId } from '../../src/crypto/index.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import {
  approveTransaction,
  decodeTransactionFile,
  encodeTransactionFile,
  messageToSign,
  type PrepareOptions,
  prepareTransaction,
  sendTransaction,
  signTransaction,
} from '../../src/transactions/index.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { startKms, type TestKms } from '../support/kms.ts'

let chain: FlowChain
let kms: TestKms

beforeAll(async () => {
  ;[chain, kms] = await Promise.all([
    startChain({ blockTimeMs: 50, extraFlags: ['--storage-limit=false'] }),
    startKms(),
  ])
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
  await kms?.[Symbol.asyncDispose]()
})

const software = () => createSoftwareSigner({ algorithm: 'ECDSA_P256' })
const cadence = (signers: number) =>
  `transaction(note: String) { prepare(${[...Array(signers)].map((_, n) => `s${n}: &Account`).join(', ')}) { log(note) } }`
const note = (value: string) => ({ type: 'String', value })

/** One party: what it gets and gives is the text of a file. */
function partyOf(address: string, signer: Signer | readonly Signer[]) {
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: chain.url })
  return async (file: string, options: { partial?: boolean; keyIndexes?: number } = {}) => {
    const { transaction, format } = decodeTransactionFile(file)
    const signed = await signTransaction({ authorizer, address, transaction, ...options })
    return encodeTransactionFile(signed, format)
  }
}

const read = (file: string): Transaction => decodeTransactionFile(file).transaction
const prepare = (options: Omit<PrepareOptions, 'accessNode' | 'cadence' | 'computeLimit'>) =>
  prepareTransaction({
    accessNode: chain.url,
    chainId: 'flow-emulator',
    cadence: cadence(options.authorizers?.length ?? 0),
    arguments: [note('hello')],
    computeLimit: 100,
    ...options,
  })
const approve = (transaction: Transaction, files: readonly string[]) =>
  approveTransaction({ accessNode: chain.url, transaction, signed: files.map(read) })
const send = (transaction: Transaction) => sendTransaction({ accessNode: chain.url, transaction })

/** An account of weighted keys, each with a party of its own. */
async function shared(
  weights: readonly number[],
  signers: readonly Signer[] = weights.map(software),
) {
  const keys = signers.map((signer, index) => ({ signer, weight: weights[index] ?? 0 }))
  const address = await chain.createAccount(keys)
  const parties = signers.map((signer) => partyOf(address, signer))
  const roles = { proposer: { address }, payer: address, authorizers: [address] }
  return { address, parties, roles, signers }
}

describe('an account whose keys are in several hands', () => {
  it('of 500 in one KMS account and 500 elsewhere seals what both have signed', async () => {
    const keyId = await kms.createKey()
    const signers = [createAwsKmsSigner({ client: kms.client, keyId }), software()]
    const { parties, roles } = await shared([500, 500], signers)
    const prepared = await prepare(roles)
    expect(prepared).toMatchObject({ ready: false, next: [roles.payer] })
    const file = encodeTransactionFile(prepared.transaction)
    const [ours, theirs] = await Promise.all(parties.map((sign) => sign(file, { partial: true })))
    const half = await approve(prepared.transaction, [ours ?? ''])
    expect(half).toMatchObject({ ready: false, parties: [{ weight: 500, required: 1000 }] })
    const whole = await approve(prepared.transaction, [ours ?? '', theirs ?? ''])
    expect(whole).toMatchObject({ ready: true, next: [], parties: [{ weight: 1000 }] })
    const sent = await send(whole.transaction)
    expect(sent.transactionId).toBe(whole.transactionId)
  })
})
