/** A good configuration, and the mistakes of a changed one. @module */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
} from '../../../../examples/admin-server/src/config/load.ts'
import type { Mistake } from '../../../../examples/admin-server/src/config/problems.ts'
import { isAdminError } from '../../../../examples/admin-server/src/errors.ts'

export const knownFunctions = ['mint', 'transfer', 'create-custodial-account', 'add-proposal-keys']

/** JSON that a test changes where it likes. */
// biome-ignore lint/suspicious/noExplicitAny: a test breaks every type of it
export type Loose = any

/** A bad configuration: what is changed in a good one, and the one mistake that it then has. */
export type Refused = {
  readonly id: string
  readonly change?: (settings: Loose) => void
  readonly environment?: Readonly<Record<string, string>>
  readonly expected: string
}

export const good = (): Loose => ({
  network: {
    chainId: 'flow-testnet',
    accessNodes: ['https://rest-testnet.onflow.org', 'https://node.example.com'],
    contracts: { DropNFT: '0x9c6c3b1d5d3f7a01' },
  },
  aws: { region: 'eu-central-1' },
  account: {
    address: '0x9c6c3b1d5d3f7a01',
    keys: [
      { key: 'alias/minter-policy', signs: 'automatic' },
      { key: '2f6b1c9e-0d7a-4a53-9a51-0c2d3e4f5a6b', signs: { approvers: ['alice', 'bob'] } },
      {
        key: 'arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab',
        signs: { approvers: ['carol'] },
      },
    ],
  },
  functions: {
    mint: { maxAmountPerRequest: 100, maxAmountPerDay: 1_000, maxAmountInAll: 10_000 },
    transfer: { roles: ['operator'], recipients: { allow: ['0x179b6b1cb6755e31'] } },
  },
  oidc: {
    issuer: 'https://login.example.com/tenant',
    audience: 'minter',
    jwksUrl: 'https://login.example.com/keys',
    rolesClaim: 'groups',
    roles: { '/minting/approvers': 'approver' },
  },
  webhooks: { allow: ['https://hooks.example.com'] },
  audit: { anchor: { bucket: 'audit-heads', prefix: '', retainDays: 365, everyMinutes: 10 } },
})

export const goodEnvironment: Readonly<Record<string, string>> = {
  WEBHOOK_SECRET: '0123456789abcdef0123456789abcdef-s',
}

/** Runs with the path of a file with this text, in a folder that is removed. */
export function withFile<T>(
  text: string,
  run: (path: string, folder: string) => T,
  mode = 0o600,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-config-'))
  try {
    const path = join(folder, 'config.json')
    writeFileSync(path, text)
    chmodSync(path, mode)
    return run(path, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export type Load = Partial<LoadOptions> & { readonly mode?: number }

export const loadText = (text: string, { mode, ...options }: Load = {}): LoadedConfig =>
  withFile(
    text,
    (path) => loadConfig({ path, environment: goodEnvironment, knownFunctions, ...options }),
    mode,
  )

export const load = (settings: unknown, options: Load = {}): LoadedConfig =>
  loadText(JSON.stringify(settings), options)

/** What `loadConfig` throws; fails when it does not. */
export function refusal(run: () => unknown): {
  readonly thrown: Error
  readonly mistakes: readonly Mistake[]
  readonly warnings: readonly Mistake[]
} {
  try {
    run()
  } catch (thrown) {
    if (!isAdminError(thrown, 'CONFIGURATION_INVALID')) throw thrown
    const { mistakes, warnings } = thrown.facts as {
      readonly mistakes: readonly Mistake[]
      readonly warnings: readonly Mistake[]
    }
    return { thrown, mistakes, warnings }
  }
  throw new Error('The configuration was not refused.')
}

export const idsAndPaths = (found: readonly Mistake[]): readonly string[] =>
  found.map(({ id, path }) => `${id} ${path}`)
