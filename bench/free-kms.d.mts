import type { KMSClient } from '@aws-sdk/client-kms'

export declare const keyArn: string
export declare function createFreeKms(): {
  /** Of a client only what sealed keys use. */
  readonly client: KMSClient
  readonly calls: Record<'GenerateDataKey' | 'Decrypt', number>
}
