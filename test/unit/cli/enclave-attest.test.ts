import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createNitroChain,
  type DocumentFields,
  fieldsOf,
  pcr,
  signDocument,
} from '../../../examples/enclave/local/nitro/documents.ts'
import { run } from '../../../src/cli/run.ts'
import { bytesToHex } from '../../../src/crypto/hex.ts'
import { listen } from '../../../src/signing-service/index.ts'
import { attestingService, signer } from '../../support/nitro/attesting-service.ts'

const chain = createNitroChain(Date.now())
const folder = await mkdtemp(join(tmpdir(), 'attest-'))
afterAll(() => rm(folder, { recursive: true }))
const root = join(folder, 'root.der')
const documentFile = join(folder, 'document.cose')
beforeAll(() => writeFile(root, chain[0]?.certificate ?? ''))

async function* nothing(): AsyncGenerator<string> {}
const cli = (...args: readonly string[]) =>
  run(['enclave', 'attest', ...args], {
    ...{ env: {}, signal: new AbortController().signal, note: () => undefined },
    stdin: nothing(),
  })

async function ask(changes: DocumentFields, ...args: readonly string[]) {
  await using door = await listen(attestingService(chain, changes), { port: 0 })
  return await cli('--url', door.address, '--key', 'minter', '--root', root, ...args)
}

const PCR0 = '01'.repeat(48)
const zeros = { pcrs: new Map([0, 1, 2, 3].map((index) => [index, pcr(0)])) }

describe('fcl-kms enclave attest', () => {
  it('says in plain words what was proven and what was not', async () => {
    const { stdout, exitCode } = await ask({}, '--pcr0', PCR0, '--pcr', `2=${'03'.repeat(48)}`)
    expect(exitCode).toBe(0)
    const { bytes } = await signer.publicKey()
    for (const part of [
      /^verdict +proven\n/,
      /\nkey +minter\n/,
      `ECDSA_secp256k1 ${bytesToHex(bytes)}`,
      /\nmodule +i-\w+-enc\w+\n/,
      /\nmade +\d{4}-[\dT:.-]+Z, for this question\n/,
      `PCR0        ${PCR0} (the image; as expected)`,
      '(the other ramdisks; as expected)',
      '(kernel and first ramdisk; nothing expected)',
      'The root is the one of --root, not that of AWS',
      'Proven: now an enclave with these measurements had signed with this key.',
      'Not proven: what the image does',
    ])
      expect(stdout).toMatch(part)
  })

  it('gives all of it as JSON', async () => {
    const { stdout, exitCode } = await ask({}, '--pcr0', PCR0.toUpperCase(), '--json')
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ proven: true, debugMode: false, fresh: true, root: 'given', key: 'minter' },
      ...{ differing: [], signatureAlgorithm: 'ECDSA_secp256k1', pcrs: { 0: PCR0 } },
    })
  })

  it.each<readonly [string, DocumentFields, readonly string[], RegExp]>([
    ['nothing is expected', {}, [], /Nothing was expected, so nothing is proven/],
    ['the image is another', {}, ['--pcr0', '0f'.repeat(48)], /NOT as expected: (0f){48}/],
    ['the role is another', {}, ['--pcr0', PCR0, '--pcr', `3=${PCR0}`], /you expect: PCR3\./],
    ['a register is not there', {}, ['--pcr0', PCR0, '--pcr', `16=${PCR0}`], /PCR16 +not there/],
    ['it runs in debug mode', zeros, ['--pcr0', PCR0], /runs in debug mode/],
    ['it runs in debug mode and nothing is expected', zeros, [], /runs in debug mode/],
    ['debug mode hides behind another register', zeros, ['--pcr', `3=${PCR0}`], /debug mode/],
  ])('is not proven and ends with 3 when %s', async (_name, changes, args, words) => {
    const { stdout, stderr, exitCode } = await ask(changes, ...args)
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 3 })
    expect(stdout).toMatch(/^verdict +NOT PROVEN\n/)
    expect(stdout).toMatch(words)
    expect(stdout).not.toMatch(/\nProven:/)
  })

  it('is not proven in debug mode when the expected register fits', async () => {
    const changes = { pcrs: new Map([...zeros.pcrs, [8, pcr(8)]]) }
    const { stdout, exitCode } = await ask(changes, '--pcr', `8=${'08'.repeat(48)}`)
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/runs in debug mode/)
  })

  it('says when the image itself was not compared', async () => {
    const { stdout, exitCode } = await ask({}, '--pcr', `4=${'00'.repeat(47)}01`)
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/PCR4/)
    const signed = { pcrs: new Map([0, 8].map((index) => [index, pcr(index + 1)])) }
    const said = await ask(signed, '--pcr', `8=${'09'.repeat(48)}`)
    expect(said.exitCode).toBe(0)
    expect(said.stdout).toMatch(/PCR0 was not compared/)
  })

  it('ends with 1 for a document of another root', async () => {
    await using door = await listen(attestingService(chain), { port: 0 })
    const { stdout, exitCode } = await cli(
      ...['--url', door.address, '--key', 'minter', '--pcr0', PCR0, '--json'],
    )
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout).error.code).toBe('ATTESTATION_UNTRUSTED')
  })

  it('reads a document that was kept, at its own time', async () => {
    const made = Date.now()
    await writeFile(documentFile, signDocument(chain, fieldsOf(chain, made)))
    const kept = ['--document', documentFile, '--root', root, '--pcr0', PCR0]
    const { stdout, exitCode } = await cli(...kept, '--at', new Date(made).toISOString())
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/^verdict +NOT PROVEN\n/)
    expect(stdout).toMatch(/, and kept since\n/)
    expect(stdout).toMatch(/about no key of a signing service/)
    const publicKey = 'ab'.repeat(64)
    const said = JSON.stringify({ key: 'a', publicKey, signatureAlgorithm: 'ECDSA_P256' })
    const ofKey = { ...fieldsOf(chain, made), user_data: new TextEncoder().encode(said) }
    await writeFile(documentFile, signDocument(chain, ofKey))
    const proven = await cli(...kept, '--at', new Date(made).toISOString())
    expect(proven).toMatchObject({ exitCode: 0 })
    expect(proven.stdout).toMatch(/^verdict +proven\nkey +a\n/)
    const later = new Date(made + 301_000).toISOString()
    expect((await cli(...kept, '--at', later)).stderr).toContain('ATTESTATION_STALE')
  })

  it.each<readonly [string, readonly string[], string]>([
    ['no way', ['--key', 'a'], '--url'],
    ['two ways', ['--url', 'http://127.0.0.1:1', '--socket', '/a', '--key', 'a'], '--url'],
    ['no key', ['--url', 'http://127.0.0.1:1'], '--key'],
    ['zeros', ['--socket', '/a', '--key', 'a', '--pcr0', '0'.repeat(96)], 'pcrs.0'],
    ['a short measurement', ['--socket', '/a', '--key', 'a', '--pcr0', 'ab'], 'pcrs.0'],
    ['a register without a number', ['--socket', '/a', '--key', 'a', '--pcr', 'ab'], '--pcr'],
    [
      'a register twice',
      ['--socket', '/a', '--key', 'a', '--pcr0', PCR0, '--pcr', `0=${PCR0}`],
      '--pcr',
    ],
    ['a time without a document', ['--socket', '/a', '--key', 'a', '--at', '2026'], '--at'],
    ['a time that is none', ['--document', documentFile, '--at', '2026'], '--at'],
    ['a root that is none', ['--socket', '/a', '--key', 'a', '--root', 'package.json'], '--root'],
    ['a document that is too long', ['--document', 'package-lock.json'], '--document'],
  ])('ends with 2 for %s', async (_name, args, option) => {
    const { stdout, exitCode } = await cli(...args, '--json')
    expect({ exitCode, option: JSON.parse(stdout).error.context.option }).toEqual({
      exitCode: 2,
      option,
    })
  })
})
