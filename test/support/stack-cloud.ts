/** The stacks on a MiniStack with IAM enforced: deployed, deleted, and used by their roles. @module */

import { IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam'
import { KMSClient } from '@aws-sdk/client-kms'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { jest } from '@jest/globals'
import { type StackName, stacks } from '../../src/aws/index.ts'
import {
  type DeletedStack,
  type DeployedStack,
  deleteStack,
  deployStack,
  packRemoteSigner,
  type RemoteSignerCode,
  type SignerDocument,
  uploadRemoteSigner,
} from '../../src/provisioning/index.ts'
import { type Aws, type AwsClientConfig, startAws } from '../../src/testing/start-aws.ts'
import { createRole, type Identity } from './lambda.ts'
import { bundleRemoteSigner } from './remote-signer-bundle.ts'
import { stripForMiniStack } from './strip-for-ministack.ts'

export type StackCloud = {
  readonly aws: Aws
  /** As the root of the account. */
  readonly kms: KMSClient
  readonly deploy: (kind: StackName, name: string, options: unknown) => Promise<DeployedStack>
  readonly remove: (kind: StackName, name: string) => Promise<DeletedStack>
  /** Packed, and in the bucket `code-of-ours`. */
  readonly upload: (document: SignerDocument) => Promise<RemoteSignerCode>
  readonly assume: (roleName: string) => Promise<Identity>
  /** Lets the root take a role that only ECS may take: MiniStack runs no container with it. */
  readonly letIn: (roleName: string) => Promise<void>
  /** Of clients that are this role. */
  readonly as: (roleName: string) => Promise<AwsClientConfig>
  /** MiniStack serves the hosts of function URLs and APIs as paths. */
  readonly urlHere: (stack: DeployedStack) => string
} & AsyncDisposable

export const roleArn = (name: string): string => `arn:aws:iam::000000000000:role/${name}`

const rootOfAccount = { AWS: 'arn:aws:iam::000000000000:root' }
const always = ['kms', 'sts', 'iam', 'cloudformation', 's3', 'logs']

/** With the roles `key-admin` and `flow-backend`, which anybody of the account may take. */
export async function startStackCloud(...services: readonly string[]): Promise<StackCloud> {
  const [aws, bundle] = await Promise.all([
    startAws({ auth: true, services: [...always, ...services] }),
    bundleRemoteSigner(),
  ])
  const kms = new KMSClient(aws.clientConfig())
  const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: 'code-of-ours' }))
  s3.destroy()
  for (const name of ['key-admin', 'flow-backend']) await createRole(aws, name, rootOfAccount)
  const assume = async (roleName: string): Promise<Identity> => {
    const sts = new STSClient(aws.clientConfig())
    const command = new AssumeRoleCommand({ RoleArn: roleArn(roleName), RoleSessionName: 'test' })
    const { Credentials } = await sts.send(command)
    sts.destroy()
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    }
  }
  return {
    aws,
    kms,
    assume,
    async letIn(RoleName) {
      const iam = new IAMClient(aws.clientConfig())
      const PolicyDocument = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: rootOfAccount, Action: 'sts:AssumeRole' }],
      })
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
      iam.destroy()
    },
    as: async (roleName) => ({ ...aws.clientConfig(), credentials: await assume(roleName) }),
    deploy: (kind, name, options) =>
      deployStack({
        ...{ kind, name, client: aws.clientConfig(), pollMs: 20 },
        template: stripForMiniStack(stacks[kind].build(options)),
      }),
    remove: (kind, name) => deleteStack({ kind, name, client: aws.clientConfig(), pollMs: 20 }),
    async upload(document) {
      const code = await packRemoteSigner({ document, bundle })
      await uploadRemoteSigner({ client: aws.clientConfig(), bucket: 'code-of-ours', code })
      return code
    },
    urlHere({ outputs }) {
      const { host, pathname } = new URL(outputs['Url'] ?? '')
      const [id, service] = host.split('.')
      return `${aws.endpoint}/_aws/${service}/${id}${pathname}`
    },
    async [Symbol.asyncDispose]() {
      kms.destroy()
      await aws.stop()
    },
  }
}

/** While the clock of this process is so many minutes off. Only `Date` is another. */
export async function withClockOff<T>(minutes: number, run: () => Promise<T>): Promise<T> {
  jest.useFakeTimers({ now: Date.now() + minutes * 60_000, doNotFake: [...timers] })
  try {
    return await run()
  } finally {
    jest.useRealTimers()
  }
}

const timers = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const

/** What a promise is rejected with. */
export const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )
