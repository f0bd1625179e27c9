/** KMS over HTTP with one software key, for real clients; one operation can answer something else. @module */
import type { ServerResponse } from 'node:http'
import type { KMSClientConfig } from '@aws-sdk/client-kms'
import { softKey } from '../../crypto/independent.ts'
import { type BadServer, startServer } from '../../flow/servers.ts'

export const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
export const key = softKey('ECDSA_secp256k1')

/** Of a client that sends each request once, so that only our own retries count. */
export const configOf = (url: string): KMSClientConfig => ({
  region: 'us-east-1',
  endpoint: url,
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret-access-key' },
  maxAttempts: 1,
})

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const answers = {
  GetPublicKey: () => ({
    KeyId: keyArn,
    KeySpec: 'ECC_SECG_P256K1',
    KeyUsage: 'SIGN_VERIFY',
    PublicKey: base64(key.spki),
  }),
  Sign: ({ Message = '' }: { Message?: string }) => ({
    KeyId: keyArn,
    SigningAlgorithm: 'ECDSA_SHA_256',
    Signature: base64(key.sign(new Uint8Array(Buffer.from(Message, 'base64'))).der),
  }),
  DescribeKey: () => ({ KeyMetadata: { KeyId: keyArn, Arn: keyArn } }),
}
export type Operation = keyof typeof answers

/** @returns What KMS answers well. @param target - Of the header `x-amz-target`. */
export function goodAnswer(target: string, body: string): string {
  // The SDK names its operation so; it asks for no others here.
  const operation = target.split('.')[1] as Operation
  return JSON.stringify(answers[operation](JSON.parse(body)))
}

/**
 * Answers well, but this operation as `answer` does.
 *
 * @param answer - Gets the good answer and how often the operation was asked for, from 1.
 */
export function startKms(
  bad: Operation,
  answer: (response: ServerResponse, good: string, count: number) => void,
): Promise<BadServer> {
  let count = 0
  return startServer((response, _, incoming) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const target = String(incoming.headers['x-amz-target'])
      const good = goodAnswer(target, String(Buffer.concat(chunks)))
      if (!target.endsWith(`.${bad}`)) return void response.end(good)
      count += 1
      answer(response, good, count)
    })
  })
}
