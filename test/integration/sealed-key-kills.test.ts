import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFreeKms, keyArn } from '../../bench/free-kms.mjs'
import { createFileKeyStore, createSealedKeys } from '../../src/signers/sealed-key/index.ts'

const program = fileURLToPath(new URL('../support/sealed-key-creator.mjs', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'fcl-kms-sealed-kills-'))
afterAll(() => rmSync(root, { recursive: true }))
const request = { message: new Uint8Array(8), hashAlgorithm: 'SHA3_256' } as const

async function createIn(folder: string, before: number) {
  const options = { folder, id: 'wallet', before }
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [, signal] = await once(child, 'close')
  const [, steps] = /^made (\d+)$/.exec(said) ?? []
  return { isMade: steps !== undefined, steps: Number(steps), signal: signal as string | null }
}

describe('a process that creates a wallet', () => {
  it('leaves a wallet that signs, or none, wherever it is killed', async () => {
    const whole = await createIn(join(root, 'whole'), -1)
    expect(whole).toMatchObject({ isMade: true, signal: null })
    expect(whole.steps).toBeGreaterThan(15)
    const points = Array.from({ length: whole.steps }, (_, before) => before)
    const kept: boolean[] = []
    const work = async () => {
      for (let before = points.shift(); before !== undefined; before = points.shift())
        kept[before] = await killAndLook(join(root, `before-${before}`), before)
    }
    await Promise.all([work(), work()])
    // At first nothing is kept, from one step on it is: it is never half there.
    const first = kept.indexOf(true)
    expect(first).toBeGreaterThan(0)
    expect(kept.slice(first).every(Boolean)).toBe(true)
  }, 180_000)
})

/** @returns Whether the wallet is there. */
async function killAndLook(folder: string, before: number): Promise<boolean> {
  expect(await createIn(folder, before)).toMatchObject({ isMade: false, signal: 'SIGKILL' })
  const store = await createFileKeyStore({ folder })
  const keys = createSealedKeys({ kms: createFreeKms().client, keyId: keyArn, store })
  const listed = []
  for await (const one of keys.list()) listed.push(one)
  const isKept = listed.length > 0
  if (isKept) expect(listed).toEqual([await keys.describe('wallet')])
  else await keys.create('wallet', { algorithm: 'ECDSA_secp256k1' })
  expect(await keys.signer('wallet').sign(request)).toHaveLength(64)
  // Forgetting reaches what the killed process had not yet given a name, too.
  expect(await keys.forget('wallet')).toBe(true)
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  expect(files.filter((entry) => entry.isFile()).map(({ name }) => name)).toHaveLength(1)
  await expect(keys.signer('wallet').sign(request)).rejects.toMatchObject({
    code: 'SEALED_KEY_NOT_FOUND',
  })
  return isKept
}
