/** Objects that our own `createKey` would never make, put on a token by OpenSC. @module */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SoftHsm, SoftToken } from './softhsm.ts'

/** Runs pkcs11-tool on a token, logged in. */
export function pkcs11Tool(hsm: SoftHsm, token: SoftToken, ...args: readonly string[]): string {
  const { NODE_OPTIONS: _, ...env } = hsm.env
  const common = ['--module', hsm.modulePath, '--token-label', token.label, '--login']
  return execFileSync('pkcs11-tool', [...common, '--pin', token.pin, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** A key pair that anyone who is logged in can read out. */
export function importExtractableKey(hsm: SoftHsm, token: SoftToken, label: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const file = join(hsm.folder, 'imported.der')
  writeFileSync(file, privateKey.export({ format: 'der', type: 'pkcs8' }), { mode: 0o600 })
  const args = ['--write-object', file, '--type', 'privkey', '--label', label, '--id', 'e0']
  pkcs11Tool(hsm, token, ...args, '--usage-sign', '--extractable')
}
