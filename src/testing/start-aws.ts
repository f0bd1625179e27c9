/** An AWS endpoint of one's own, by MiniStack: real ECDSA in its KMS, nothing kept. @module */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assertKnownKeys, assertTimeout } from '../options.ts'
import { type ChildServer, freePorts, startChildServer } from './child-server.ts'

/** Every field has a default. */
export type AwsOptions = {
  /** Services to serve, by MiniStack's names. Default `kms`, `sts` and `iam`. */
  readonly services?: readonly string[]
  /** Enforce IAM policies. Default false. */
  readonly auth?: boolean
  /** Time to the first answer. Default 30,000. */
  readonly deadlineMs?: number
  /** Path of MiniStack, or a command with arguments. Default $FCL_KMS_MINISTACK, then `ministack`. */
  readonly command?: string
  /** Default `us-east-1`. */
  readonly region?: string
  /** 12 digits. Default `000000000000`. */
  readonly accountId?: string
  /** Gives the start up. A running endpoint is ended by `stop`. */
  readonly signal?: AbortSignal
}

/** What every client of the AWS SDK takes. */
export type AwsClientConfig = {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** A running endpoint on 127.0.0.1, with the configuration of its clients. */
export type Aws = ChildServer &
  AwsClientConfig & {
    /** A new object for the constructor of a client: `new KMSClient(aws.clientConfig())`. */
    clientConfig(): AwsClientConfig
  }

const known: readonly (keyof AwsOptions)[] = [
  'services',
  'auth',
  'deadlineMs',
  'command',
  'region',
  'accountId',
  'signal',
]

/**
 * Starts MiniStack and resolves when it answers. Its state is in memory and in a folder that `stop`
 * removes; nothing of this process's AWS configuration reaches it.
 *
 * @throws {SignerError} `INVALID_OPTION` for an option that is unknown or out of range, or when the
 *   command cannot be run.
 * @throws {Error} With the tail of its log, when it exits early or is not ready by the deadline.
 */
export async function startAws(options: AwsOptions = {}): Promise<Aws> {
  assertKnownKeys(options, known)
  const { services = ['kms', 'sts', 'iam'], region = 'us-east-1', deadlineMs = 30_000 } = options
  assertTimeout('deadlineMs', deadlineMs)
  const [port] = await freePorts(1)
  const endpoint = `http://127.0.0.1:${port}`
  const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-aws-'))
  const server = await startChildServer({
    name: 'MiniStack',
    command: options.command ?? (process.env['FCL_KMS_MINISTACK'] || 'ministack'),
    remedy: 'pip install ministack cryptography, or set FCL_KMS_MINISTACK to its path.',
    flags: [],
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSwitch(name))),
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      IOT_MTLS_ENABLED: '0', // or it opens 8883 on all interfaces
      SERVICES: services.join(','),
      AUTH: String(options.auth ?? false),
      MINISTACK_REGION: region,
      MINISTACK_ACCOUNT_ID: options.accountId ?? '000000000000',
      TMPDIR: folder,
      STATE_DIR: join(folder, 'state'),
      S3_DATA_DIR: join(folder, 's3'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    readyUrl: `${endpoint}/_ministack/health`,
    deadlineMs,
    signal: options.signal,
    folder,
  })
  const clientConfig = () => ({
    endpoint,
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  return Object.freeze({ ...server, ...clientConfig(), clientConfig })
}

/** Variables that would turn MiniStack into another server than the one asked for. */
const isSwitch = (name: string) =>
  /^(AWS|MINISTACK|LOCALSTACK|S3|LAMBDA|DOCKER|IOT|SFTP)_/.test(name) ||
  /^(EDGE_PORT|PERSIST_STATE|USE_SSL|SERVICES|AUTH|LOG_LEVEL)$/.test(name)
