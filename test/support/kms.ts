/** MiniStack with real keys, and a count of what is asked of it. */

import { CreateKeyCommand, type CreateKeyCommandInput, KMSClient } from '@aws-sdk/client-kms'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'

export type TestKms = {
  readonly client: KMSClient
  readonly aws: Aws
  /** Commands that reached the endpoint, by name, retries included. */
  readonly calls: Map<string, number>
  readonly createKey: (options?: Partial<CreateKeyCommandInput>) => Promise<string>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Counts the requests of a client as they leave. */
export function countCalls(client: KMSClient): Map<string, number> {
  const calls = new Map<string, number>()
  client.middlewareStack.add(
    (next, context) => (args) => {
      const name = String(context.commandName).replace(/Command$/, '')
      calls.set(name, (calls.get(name) ?? 0) + 1)
      return next(args)
    },
    { step: 'finalizeRequest', priority: 'low' },
  )
  return calls
}

export async function startKms(): Promise<TestKms> {
  const aws = await startAws()
  const client = new KMSClient(aws.clientConfig())
  const calls = countCalls(client)
  return {
    client,
    aws,
    calls,
    async createKey(options = {}) {
      const command = new CreateKeyCommand({
        KeySpec: 'ECC_SECG_P256K1',
        KeyUsage: 'SIGN_VERIFY',
        ...options,
      })
      const keyId = (await client.send(command)).KeyMetadata?.KeyId
      if (keyId === undefined) throw new Error('MiniStack made no key')
      return keyId
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      await aws.stop()
    },
  }
}
