/** A Flow emulator of one's own: free ports, signature checks on, gone with the test. @module */
import { SignerError } from '../errors.ts'
import { emulatorServiceAddress, emulatorServicePrivateKey } from '../flow/emulator.ts'
import { assertKnownKeys, assertTimeout } from '../options.ts'
import { assertWhole, type ChildServer, freePorts, startChildServer } from './child-server.ts'

/** Every field has a default that starts fast and lets transactions run in parallel. */
export type EmulatorOptions = {
  /** 64 hex digits: a P-256 scalar, used with SHA3-256. Default `emulatorServicePrivateKey`. */
  readonly servicePrivateKey?: string
  /** Time from block to block. 0 makes one block for each transaction. Default 250. */
  readonly blockTimeMs?: number
  /** Blocks after which a reference block is too old. Default 600, as on mainnet. */
  readonly transactionExpiry?: number
  /** More flags of the emulator, such as `--transaction-fees`. Host and ports stay as they are. */
  readonly extraFlags?: readonly string[]
  /** Time to the first answer. Default 30,000. */
  readonly deadlineMs?: number
  /** Path of an emulator, or a command with arguments. Default $FLOW_EMULATOR, then `flow emulator`. */
  readonly command?: string
  /** Gives the start up. A running emulator is ended by `stop`. */
  readonly signal?: AbortSignal
}

/** A running emulator. All its addresses are on 127.0.0.1. */
export type Emulator = ChildServer & {
  /** The REST access node, such as `http://127.0.0.1:20001`. */
  readonly url: string
  /** The admin API: blocks by hand, snapshots, logs. */
  readonly adminUrl: string
  readonly serviceAddress: string
  /** 64 hex digits. */
  readonly servicePrivateKey: string
}

const known: readonly (keyof EmulatorOptions)[] = [
  'servicePrivateKey',
  'blockTimeMs',
  'transactionExpiry',
  'extraFlags',
  'deadlineMs',
  'command',
  'signal',
]

/**
 * Starts a Flow emulator and resolves when it serves its first block.
 *
 * @throws {SignerError} `INVALID_OPTION` for an option that is unknown or out of range, or when the
 *   command cannot be run.
 * @throws {Error} With the tail of its log, when it exits early or is not ready by the deadline.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  assertKnownKeys(options, known)
  const { servicePrivateKey = emulatorServicePrivateKey, extraFlags = [] } = options
  const { blockTimeMs = 250, transactionExpiry = 600, deadlineMs = 30_000 } = options
  if (!/^[0-9a-fA-F]{64}$/.test(servicePrivateKey))
    throw new SignerError('INVALID_OPTION', {
      option: 'servicePrivateKey',
      reason: 'must be 64 hex digits',
    })
  assertWhole('blockTimeMs', blockTimeMs, 0)
  assertWhole('transactionExpiry', transactionExpiry, 1)
  assertTimeout('deadlineMs', deadlineMs)

  const [port, restPort, adminPort, debuggerPort] = await freePorts(4)
  const url = `http://127.0.0.1:${restPort}`
  const server = await startChildServer({
    name: 'The Flow emulator',
    command: options.command ?? (process.env['FLOW_EMULATOR'] || 'flow emulator'),
    remedy: 'install the Flow CLI, or set FLOW_EMULATOR to the path of an emulator.',
    flags: [
      '--skip-tx-validation=false',
      '--setup-vm-bridge=false',
      '--scheduled-transactions=false',
      `--transaction-expiry=${transactionExpiry}`,
      `--block-time=${blockTimeMs}ms`,
      ...extraFlags,
      `--service-priv-key=${servicePrivateKey}`,
      '--service-sig-algo=ECDSA_P256',
      '--service-hash-algo=SHA3_256',
      '--host=127.0.0.1',
      `--port=${port}`,
      `--rest-port=${restPort}`,
      `--admin-port=${adminPort}`,
      `--debugger-port=${debuggerPort}`,
    ],
    env: environment(),
    readyUrl: `${url}/v1/blocks?height=sealed`,
    deadlineMs,
    graceMs: 1_000, // now and then it hangs on SIGTERM; it has nothing to save
    secrets: [servicePrivateKey.toLowerCase()],
    signal: options.signal,
  })
  return Object.freeze({
    ...server,
    url,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    serviceAddress: emulatorServiceAddress,
    servicePrivateKey,
  })
}

/** The emulator takes every flag from a variable FLOW_… as well; the caller's are not meant for it. */
const environment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FLOW_')))
