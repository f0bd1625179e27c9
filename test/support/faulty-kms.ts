/** A signer of ours, the fault proxy, and the real MiniStack behind it. @module */

import {
  CreateAliasCommand,
  GetPublicKeyCommand,
  KMSClient,
  type KMSClientConfig,
} from '@aws-sdk/client-kms'
import { type AwsKmsSignerOptions, createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import type { Signer } from '../../src/signers/signer.ts'
import { verifyByElliptic } from '../unit/crypto/independent.ts'
import { type Decide, type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import type { TestKms } from './kms.ts'

/** One signer whose way to KMS can be disturbed. */
export type FaultyKms = {
  readonly proxy: FaultProxy
  readonly client: KMSClient
  readonly signer: Signer
  readonly keyArn: string
  /** 64 bytes, X‖Y, as MiniStack has it. */
  readonly publicKey: Uint8Array
  /** From now on; counts requests from here. */
  readonly fault: (decide: Decide | undefined) => void
  /** Requests since the last fault was set. */
  readonly requests: () => number
} & AsyncDisposable

/** @param options - `keyId`: default a new secp256k1 key. The rest goes to the client or the signer. */
export async function openFaultyKms(
  kms: TestKms,
  options: Partial<AwsKmsSignerOptions> & { readonly config?: KMSClientConfig } = {},
): Promise<FaultyKms> {
  const { config = {}, keyId = await kms.createKey(), ...limits } = options
  const proxy = await startFaultProxy({ target: kms.aws.endpoint })
  const client = new KMSClient({ ...kms.aws.clientConfig(), ...config, endpoint: proxy.url })
  const signer = createAwsKmsSigner({ ...limits, client, keyId })
  const { PublicKey, KeyId = '' } = await client.send(new GetPublicKeyCommand({ KeyId: keyId }))
  await signer.publicKey()
  const total = () => [...proxy.requests.values()].reduce((sum, count) => sum + count, 0)
  let before = total()
  return {
    proxy,
    client,
    signer,
    keyArn: KeyId,
    publicKey: new Uint8Array(PublicKey?.slice(-64) ?? []),
    fault(decide) {
      before = total()
      proxy.setFault(decide)
    },
    requests: () => total() - before,
    async [Symbol.asyncDispose]() {
      client.destroy()
      await proxy.stop()
    },
  }
}

/** An error as KMS answers it. */
export const kmsFault = (name: string, status = 400, headers = {}): Fault => ({
  kind: 'status',
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1', ...headers },
  body: JSON.stringify({ __type: name, message: 'by the proxy' }),
})

/** The fault for the first `count` requests. */
export const times = (count: number, fault: Fault): Decide => {
  return ({ index }) => (index < count ? fault : undefined)
}

/** @returns `alias/…`, unique. */
export async function createAlias(kms: TestKms, keyId: string): Promise<string> {
  const alias = `alias/${keyId.slice(0, 13)}`
  await kms.client.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId }))
  return alias
}

export const message: Uint8Array = new TextEncoder().encode('a message')
/** To sign `message`. */
export const request = { message, hashAlgorithm: 'SHA3_256' } as const

/**
 * Signs, and verifies by the key of MiniStack.
 *
 * @returns The attempts that the signer told.
 */
export async function expectSignature({ signer, publicKey }: FaultyKms): Promise<number> {
  let attempts = 0
  const onReport = (report: { attempts: number }) => {
    attempts = report.attempts
  }
  const signature = await signer.sign({ ...request, onReport })
  const key = { publicKey, algorithm: 'ECDSA_secp256k1' } as const
  expect(verifyByElliptic(key, message, 'SHA3_256', signature)).toBe(true)
  return attempts
}
