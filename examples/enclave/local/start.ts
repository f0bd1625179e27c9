/** One enclave and all that it has around it, on this machine: for development, worth nothing elsewhere. @module */

import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { createEnclaveHost, type EnclaveKey } from 'fcl-kms/enclave'
import { createFileKeyStore } from 'fcl-kms/signers/sealed-key'
import { listen } from 'fcl-kms/signing-service'
import { startAws } from 'fcl-kms/testing'
import type { GuestOptions, GuestTools } from './guest/guest.ts'
import { createGuestRunner } from './guest/runner.ts'
import type { KeyPolicy } from './key-policy.ts'
import { startKmsStandIn } from './kms-stand-in.ts'
import { serveSecurityModule } from './nitro/security-module.ts'
import { createTlsAuthority } from './tls.ts'

/** Options of `startLocalEnclave`. */
export type LocalEnclaveOptions = {
  readonly tools: GuestTools
  /** Makes what the guest boots of an enclave.json, and measures it. */
  readonly prepare: (configuration: Uint8Array) => Promise<
    Pick<GuestOptions, 'ramdisks' | 'commandLine' | 'machine'> & {
      /** In the place of that of the tools. */
      readonly kernel: string
      /** 96 digits each, by number. */
      readonly pcrs: Readonly<Record<number, string>>
    }
  >
  /** Of the signing service, on 127.0.0.1. */
  readonly port: number
  /** Parts of enclave.json. Default: one key, `minter`, which signs messages of users. */
  readonly configuration?: Readonly<Record<string, unknown>> & {
    readonly keys: Readonly<Record<string, object>>
  }
}

/** A local enclave. */
export type LocalEnclave = AsyncDisposable & {
  readonly url: string
  /** In the order of the configuration. */
  readonly keys: readonly EnclaveKey[]
  /** 96 digits each, by number: what is booted, measured as an image would be. */
  readonly pcrs: Readonly<Record<number, string>>
  /** Whether its kernel is that of images. */
  readonly isShipped: boolean
  /** A file with the certificate at the root of its documents, for `attestKey` and the command. */
  readonly rootFile: string
  readonly console: () => string
  /** Of the machine that is emulated. */
  readonly pid: () => number | undefined
  /** enclave.json, as it was measured. */
  readonly configuration: string
  /** Unix sockets on this side of those that the signer finds inside. */
  readonly sockets: { readonly nsm: string; readonly parent: string; readonly kms: string }
  /** Milliseconds from the start of the machine until its signer answered. */
  readonly bootMs: number
  /** Of all ramdisks. */
  readonly imageBytes: number
}

const REGION = 'us-east-1'
const HOST = `kms.${REGION}.amazonaws.com`

/** @throws {SignerError} `ENCLAVE_NOT_STARTED`, and what its parts throw. */
export async function startLocalEnclave(options: LocalEnclaveOptions): Promise<LocalEnclave> {
  const parts: AsyncDisposable[] = [] // the last first
  const end = async () => {
    for (const part of parts) await part[Symbol.asyncDispose]()
  }
  try {
    const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-local-'))
    const remove = () => rmSync(folder, { recursive: true, force: true })
    process.once('exit', remove) // a signal leaves no time for more
    parts.unshift({
      async [Symbol.asyncDispose]() {
        process.off('exit', remove)
        remove()
      },
    })
    const aws = await startAws({ services: ['kms'] })
    parts.unshift(aws)
    const client = new KMSClient(aws.clientConfig())
    const { KeyMetadata } = await client.send(new CreateKeyCommand({}))
    client.destroy()
    const authority = createTlsAuthority()
    const kms = { region: REGION, keyId: KeyMetadata?.Arn, host: HOST, ca: authority.ca }
    const given = options.configuration ?? { keys }
    const text = JSON.stringify({ name: 'local', vsock: { parentCid: 2 }, kms, ...given })
    const { pcrs, kernel, ...boot } = await options.prepare(Buffer.from(text))
    const nsm = await serveSecurityModule({ socketPath: join(folder, 'nsm'), pcrs })
    parts.unshift(nsm)
    const root = nsm.chain()[0]?.certificate ?? new Uint8Array()
    const rootFile = join(folder, 'root.der')
    await writeFile(rootFile, root)
    const tls = authority.issue(HOST)
    const ahead = { upstream: aws.endpoint, root, tls, keyPolicy: keyPolicyOf(pcrs[0] ?? '') }
    const standIn = await startKmsStandIn(ahead)
    parts.unshift(standIn)

    const socketPath = join(folder, 'vsock')
    const runner = createGuestRunner(() => ({
      ...{ tools: { ...options.tools, kernel }, socketPath, nsm: nsm.socketPath },
      ...boot,
    }))
    const records = join(folder, 'keys')
    await mkdir(records, { mode: 0o700 })
    const started = performance.now()
    const host = await createEnclaveHost({
      vsock: { socketPath },
      store: await createFileKeyStore({ folder: records }),
      runner,
      hosts: { 8001: `127.0.0.1:${standIn.port}` },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
    parts.unshift(host)
    const bootMs = performance.now() - started
    const made: EnclaveKey[] = []
    for (const name of Object.keys(given.keys)) made.push(await host.create(name))
    const door = await listen(host.service, { port: options.port })
    parts.unshift(door)
    return Object.freeze({
      ...{ url: door.address, keys: made, pcrs, rootFile, bootMs, configuration: text },
      imageBytes: boot.ramdisks.reduce((sum, { length }) => sum + length, 0),
      sockets: {
        nsm: nsm.socketPath,
        parent: `${socketPath}_8000`,
        kms: `${socketPath}_8001`,
      },
      isShipped: boot.machine === 'microvm',
      console: () => runner.guest()?.console() ?? '',
      pid: () => runner.guest()?.pid,
      [Symbol.asyncDispose]: end,
    } satisfies LocalEnclave)
  } catch (thrown) {
    await end()
    throw thrown
  }
}

/** The service account of the emulator may be spoken for: messages of users, and no transactions. */
const keys = {
  minter: {
    wallet: 'minter',
    algorithm: 'ECDSA_secp256k1',
    accounts: ['0xf8d6e0586b0a20c7'],
    payload: false,
    envelope: false,
    userMessages: true,
  },
}

/** Whoever has the account may do everything, and only this image opens keys. */
const keyPolicyOf = (pcr0: string): KeyPolicy => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::000000000000:root' },
      Action: 'kms:*',
      Resource: '*',
    },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair'],
      Resource: '*',
      Condition: {
        StringNotEqualsIgnoreCase: { 'kms:RecipientAttestation:ImageSha384': pcr0 },
      },
    },
  ],
})
