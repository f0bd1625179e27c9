/** An enclave in this process: a signing security module, and KMS with recipients by https. */

import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import type { KeyPolicy } from '../../examples/enclave/local/key-policy.ts'
import { type KmsStandIn, startKmsStandIn } from '../../examples/enclave/local/kms-stand-in.ts'
import {
  type ServedModule,
  serveSecurityModule,
} from '../../examples/enclave/local/nitro/security-module.ts'
import { createTlsAuthority } from '../../examples/enclave/local/tls.ts'
import {
  connectSecurityModule,
  createRecipient,
  type SecurityModule,
} from '../../src/enclave/index.ts'
import type { Recipient } from '../../src/signers/sealed-key/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { ANSWERS_MS } from './limits.ts'

/** What the client calls KMS, wherever it is. */
export const KMS_HOST = 'kms.us-east-1.amazonaws.com'

export type TestEnclave = {
  readonly aws: Aws
  readonly module: ServedModule
  readonly securityModule: SecurityModule
  readonly recipient: Recipient
  readonly kms: KmsStandIn
  /** PEM of the authority of KMS. */
  readonly ca: string
  /** To the stand-in, as from inside: TLS by name and authority. */
  readonly client: KMSClient
  readonly clientTo: (options: { port?: number; ca?: string; host?: string }) => KMSClient
  /** Of a symmetric key. */
  readonly keyArn: string
  readonly folder: string
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const digits = (byte: number) => byte.toString(16).padStart(2, '0').repeat(48)

/** Unlike MiniStack's usual `test`, it can be looked for in an error. */
export const KMS_SECRET = 'a-secret-of-an-enclave'

/** Of the image that the key policy lets in. */
export const PCRS: Readonly<Record<number, string>> = { 0: digits(1), 1: digits(2), 2: digits(3) }

/** Everybody of the account may do everything, and nobody may open keys but that image. */
export const keyPolicy = (
  pcr0 = PCRS[0],
  more: Readonly<Record<string, string>> = {},
): KeyPolicy => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::000000000000:root' },
      Action: 'kms:*',
      Resource: '*',
    },
    ...Object.entries({ ImageSha384: pcr0, ...more }).map(([name, value]) => ({
      Effect: 'Deny',
      Principal: '*',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair'],
      Resource: '*',
      Condition: {
        StringNotEqualsIgnoreCase: { [`kms:RecipientAttestation:${name}`]: value },
      },
    })),
  ],
})

export async function startTestEnclave(): Promise<TestEnclave> {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-enclave-'))
  const module = await serveSecurityModule({ socketPath: join(folder, 'nsm.sock'), pcrs: PCRS })
  const aws = await startAws({ services: ['kms'] })
  const authority = createTlsAuthority()
  const root = module.chain()[0]?.certificate ?? new Uint8Array()
  const kms = await startKmsStandIn({
    ...{ upstream: aws.endpoint, root, keyPolicy: keyPolicy() },
    tls: authority.issue(KMS_HOST),
  })
  const { socketPath } = module
  const securityModule = connectSecurityModule({ socketPath, timeoutMs: ANSWERS_MS })
  const clients: KMSClient[] = []
  const clientTo: TestEnclave['clientTo'] = ({
    port = kms.port,
    ca = authority.ca,
    host = KMS_HOST,
  }) => {
    const { region } = aws
    const credentials = { accessKeyId: 'test', secretAccessKey: KMS_SECRET }
    const httpsAgent = new Agent({ ca, servername: host, keepAlive: true, maxSockets: 50 })
    const endpoint = `https://127.0.0.1:${port}`
    const requestHandler = { httpsAgent }
    // Each time that it is sent it is asked with a document of its own.
    const sending = { maxAttempts: 1, requestHandler }
    const client = new KMSClient({ endpoint, region, credentials, ...sending })
    clients.push(client)
    return client
  }
  const client = clientTo({})
  const created = await client.send(new CreateKeyCommand({}))
  return {
    ...{ aws, module, securityModule, kms, ca: authority.ca, client, clientTo, folder },
    recipient: createRecipient({ securityModule }),
    keyArn: created.KeyMetadata?.Arn ?? '',
    async [Symbol.asyncDispose]() {
      for (const one of clients) one.destroy()
      securityModule.close()
      await kms[Symbol.asyncDispose]()
      await module[Symbol.asyncDispose]()
      await aws.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
