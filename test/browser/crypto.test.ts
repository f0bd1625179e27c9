/** The half of `fcl-kms/crypto` that needs no OpenSSL, in Chromium, from a bundle as users make it. @module */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { encodeTransaction, userMessage } from '../../src/crypto/index.ts'
import {
  algorithms,
  bytesOf,
  digestOf,
  hashes,
  hexOf,
  softKey,
} from '../unit/crypto/independent.ts'
import { derVectors, hashVectors, rawVectors } from '../unit/crypto/vectors.ts'
import { startBrowser, type Visit, visit } from './support/browser.ts'

type Crypto = typeof import('../../src/crypto/index.ts')
type Name = keyof Crypto
const entry = fileURLToPath(new URL('../../src/crypto/index.ts', import.meta.url))

const bundle = () =>
  build({
    entryPoints: [entry],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'fclKms',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })

let browser: Browser
let exported: Crypto
let page: Visit
let text: string
let files: readonly string[]

beforeAll(async () => {
  const [made, started] = await Promise.all([bundle(), startBrowser()])
  browser = started
  exported = await import('../../src/crypto/index.ts')
  text = made.outputFiles[0]?.text ?? ''
  files = Object.keys(made.metafile.inputs)
  page = await visit(browser, 'about:blank')
  await page.page.addScriptTag({ content: text })
})
afterAll(async () => {
  await page?.[Symbol.asyncDispose]()
  await browser?.close()
})

/** Bytes cross to the page and back as `{ $bytes }`, a bigint as `{ $bigint }`. */
const sent = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => {
    if (typeof inner === 'bigint') return { $bigint: String(inner) }
    return inner instanceof Uint8Array ? { $bytes: hexOf(inner) } : inner
  })

/** Calls an export on many lists of arguments: what it gives as text, or the code that it throws. */
function inPage(name: Name, calls: readonly (readonly unknown[])[]): Promise<string[]> {
  return page.page.evaluate(`(() => {
    const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16))
    const read = (text) => JSON.parse(text, (_, v) => v?.$bytes !== undefined ? bytes(v.$bytes) : v?.$bigint !== undefined ? BigInt(v.$bigint) : v)
    const write = (value) => JSON.stringify(value, (_, v) => {
      if (typeof v === 'bigint') return { $bigint: String(v) }
      return v instanceof Uint8Array ? { $bytes: [...v].map((b) => b.toString(16).padStart(2, '0')).join('') } : v
    })
    return read(${JSON.stringify(sent(calls))}).map((args) => {
      try { return write(fclKms.${name}(...args)) } catch (error) { return error.code ?? String(error) }
    })
  })()`)
}

/** What the same calls give here. */
function here(name: Name, calls: readonly (readonly unknown[])[]): string[] {
  const call = exported[name] as (...args: readonly unknown[]) => unknown
  return calls.map((args) => {
    try {
      return sent(call(...args))
    } catch (error) {
      return (error as { code: string }).code
    }
  })
}

async function expectSame(
  name: Name,
  calls: readonly (readonly unknown[])[],
): Promise<readonly string[]> {
  expect(calls.length).toBeGreaterThan(0)
  const found = await inPage(name, calls)
  expect(found).toEqual(here(name, calls))
  return found
}

const transaction = {
  cadence: 'transaction { prepare(signer: &Account) {} } // ä 漢',
  arguments: ['{"type":"UFix64","value":"1.0"}'],
  referenceBlockId: new Uint8Array(32).fill(3),
  computeLimit: 100,
  proposalKey: { address: '0x01cf0e2f2f715450', keyIndex: 3, sequenceNumber: 2n ** 53n },
  payer: '0x01cf0e2f2f715450',
  authorizers: ['0x179b6b1cb6755e31'],
  payloadSignatures: [
    { address: '0x179b6b1cb6755e31', keyIndex: 0, signature: new Uint8Array(64).fill(5) },
  ],
  envelopeSignatures: [],
}

it('names nothing of Node.js, and runs where there is nothing of it', async () => {
  expect(files).toContain('src/crypto/index.ts')
  expect(text).not.toMatch(/\brequire\(|from\s*['"]|import\s*\(/)
  const names = [...text.matchAll(/['"](node:[a-z/]+)['"]/g)].map(([, name]) => name)
  // Asked of a process that is Node.js, and of nothing else.
  expect(names).toEqual(['node:crypto'])
  expect(await page.page.evaluate('[typeof process, typeof Buffer, typeof require]')).toEqual([
    ...['undefined', 'undefined', 'undefined'],
  ])
})

it('hashes as node:crypto does', async () => {
  const lengths = [0, 1, 55, 56, 63, 64, 65, 135, 136, 137, 272, 4_097, 100_000]
  const messages = lengths.map((length) => new Uint8Array(length).map((_, at) => (at * 7) % 251))
  const calls = messages.flatMap((message) => hashes.map((hash) => [message, hash] as const))
  const found = await expectSame('hashMessage', calls)
  expect(found).toEqual(calls.map(([message, hash]) => sent(digestOf(message, hash))))
  const published = hashVectors.map(({ message }) => [bytesOf(message), 'SHA3_256'])
  expect(await inPage('hashMessage', published)).toEqual(
    hashVectors.map(({ sha3 }) => JSON.stringify({ $bytes: sha3 })),
  )
})

it('reads DER and raw signatures as the vectors say', async () => {
  const { valid, refused } = derVectors
  const der = [...valid, ...refused].map((row) => [bytesOf(row.der), row.algorithm])
  expect(await inPage('derToRaw', der)).toEqual([
    ...valid.map(({ raw }) => JSON.stringify({ $bytes: raw })),
    ...refused.map(() => 'MALFORMED_SIGNATURE'),
  ])
  const raws = rawVectors.map(({ given, algorithm }) => [bytesOf(given), algorithm])
  expect(await inPage('normalizeRaw', raws)).toEqual(
    rawVectors.map(({ raw }) =>
      raw === null ? 'MALFORMED_SIGNATURE' : JSON.stringify({ $bytes: raw }),
    ),
  )
})

it('reads public keys, and refuses one that is not on its curve', async () => {
  const keys = algorithms.map((algorithm) => softKey(algorithm))
  const flipped = keys.map(({ spki }) => spki.with(-1, (spki.at(-1) ?? 0) ^ 1))
  const found = await expectSame('spkiToPublicKey', [
    ...keys.map(({ spki }) => [spki]),
    ...flipped.map((spki) => [spki]),
  ])
  expect(found).toEqual([
    ...keys.map(({ publicKey, algorithm }) => sent({ bytes: publicKey, algorithm })),
    ...flipped.map(() => 'MALFORMED_PUBLIC_KEY'),
  ])
  const [key] = keys
  const accountKey = { ...key, hashAlgorithm: 'SHA3_256', weight: 500 }
  await expectSame('encodeAccountKey', [[accountKey], [{ ...accountKey, weight: 1_001 }]])
})

it('encodes, decodes and names transactions and messages', async () => {
  for (const name of [
    'payloadMessage',
    'envelopeMessage',
    'encodeTransaction',
    'transactionId',
  ] as const)
    await expectSame(name, [[transaction]])
  const bytes = encodeTransaction(transaction)
  const [decoded] = await expectSame('decodeTransaction', [
    [bytes],
    [bytes.slice(1)],
    [bytes.with(9, 0)],
  ])
  expect(decoded).toBe(sent(transaction))
  await expectSame('signerAddresses', [[transaction]])
  await expectSame('userMessage', [[bytesOf('c0ffee')]])
  const proof = { appIdentifier: 'an app', nonce: 'ab'.repeat(32) }
  await expectSame('accountProofMessage', [
    ['0x01cf0e2f2f715450', proof],
    ['0x01cf0e2f2f715450', { ...proof, nonce: 'ab' }],
    ['1', proof],
  ])
})

it('reads and writes hexadecimal, addresses and tags', async () => {
  const texts = ['', 'aBCdEf09', 'abc', '0xab', 'zz', 'ab ', '１２', 'ff'.repeat(1_000)]
  await expectSame(
    'hexToBytes',
    texts.map((hex) => [hex, 'message']),
  )
  await expectSame('bytesToHex', [[bytesOf('00ff10')], ['text'], [new Uint8Array(0)]])
  await expectSame('addressToBytes', [['0x01CF0E2f2f715450'], ['01cf0e2f2f715450'], ['0x1']])
  await expectSame('encodeDomainTag', [['FLOW-V0.0-user'], [''], ['x'.repeat(33)]])
  await expectSame('hasDomainTag', [
    ['user', userMessage(bytesOf('00'))],
    ['user', bytesOf('00')],
  ])
})

it('says of a signature that node:crypto is missing', async () => {
  const { publicKey, algorithm } = softKey('ECDSA_P256')
  expect(await inPage('importPublicKey', [[publicKey, algorithm]])).toEqual(['NODE_CRYPTO_MISSING'])
  expect(page.faults).toEqual([])
})
