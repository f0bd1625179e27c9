/** A service with one key and one script, and requests to it. @module */

import { withDomainTag } from '../../../src/crypto/domain-tags.ts'
import {
  envelopeMessage,
  payloadMessage,
  type Transaction,
} from '../../../src/crypto/transaction.ts'
import { importPublicKey, verifySignature } from '../../../src/crypto/verify.ts'
import { createPolicy } from '../../../src/policy/index.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import {
  createSigningService,
  type RequestEvent,
  type ServiceKey,
  type SigningServiceOptions,
} from '../../../src/signing-service/index.ts'

export const address = '0xf8d6e0586b0a20c7'
export const other = '0x01cf0e2f2f715450'
export const cadence = 'transaction(amount: UFix64) { prepare(signer: &Account) {} }'

/** Proposed, paid and authorised by one account, as most are. */
export const transaction: Transaction = {
  cadence,
  arguments: ['{"type":"UFix64","value":"1.50000000"}'],
  referenceBlockId: new Uint8Array(32).fill(0xab),
  computeLimit: 100,
  proposalKey: { address, keyIndex: 3, sequenceNumber: 41n },
  payer: address,
  authorizers: [address],
  payloadSignatures: [],
  envelopeSignatures: [],
}

/** The same with another number, amount or whatever. */
export const changed = (change: Partial<Transaction>): Transaction => ({
  ...transaction,
  ...change,
})

/** The same with another sequence number. */
export const numbered = (sequenceNumber: bigint, change: Partial<Transaction> = {}): Transaction =>
  changed({ ...change, proposalKey: { ...transaction.proposalKey, sequenceNumber } })

export const amountOf = (value: string): Partial<Transaction> => ({
  arguments: [JSON.stringify({ type: 'UFix64', value })],
})

export const policy = createPolicy({
  chainId: 'flow-emulator',
  accounts: [address, other],
  scripts: [
    {
      name: 'pay',
      cadence,
      parameters: ['UFix64'],
      maxComputeLimit: 200,
      arguments: { 0: { max: '10.0' } },
    },
  ],
})

export const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })

/** Everything that this account may be asked for, but user messages. */
export const fullKey: ServiceKey = {
  signer,
  accounts: [address],
  payload: true,
  envelope: true,
  accountProofs: ['My App'],
}

/** @returns A service, and the events it told. */
export function serviceWith(options: Partial<SigningServiceOptions> = {}) {
  const events: RequestEvent[] = []
  const service = createSigningService({
    keys: { minter: fullKey },
    policy,
    onRequest: (event) => events.push(event),
    ...options,
  })
  return { service, events }
}

/** The request for a signature on a message, as it comes out of JSON. */
export const asking = (message: Uint8Array, change: object = {}) => ({
  version: 1,
  operation: 'sign',
  key: 'minter',
  message: Buffer.from(message).toString('base64'),
  hashAlgorithm: 'SHA3_256',
  ...change,
})

export const askingEnvelope = (of: Transaction = transaction) => asking(envelopeMessage(of))
export const askingPayload = (of: Transaction = transaction) => asking(payloadMessage(of))
export const tagged = (text: string) => withDomainTag('user', new TextEncoder().encode(text))

/** Whether the answer is a signature of the key on the message. */
export async function verifies(body: object, message: Uint8Array): Promise<boolean> {
  const { signature } = { signature: '', ...body }
  const { bytes, algorithm } = await signer.publicKey()
  const key = importPublicKey(bytes, algorithm)
  return verifySignature(key, message, 'SHA3_256', new Uint8Array(Buffer.from(signature, 'hex')))
}

/** A refusal with a code, as `handle` resolves to it. */
export const refusedWith = (code: string, status: number, reason?: string) => ({
  status,
  body: expect.objectContaining({
    version: 1,
    error: expect.objectContaining({ code, ...(reason === undefined ? {} : { reason }) }),
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  }),
})

/** A promise that somebody else resolves. */
export function gate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
