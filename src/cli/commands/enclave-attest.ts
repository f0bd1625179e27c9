/** `fcl-kms enclave attest`. @module */

import { X509Certificate } from 'node:crypto'
import { bytesToHex } from '../../crypto/hex.ts'
import { attestOrigin, type KeyAttestation } from '../../enclave/attest-key.ts'
import { differingPcrs, isDebugMode, readyPcrs, verifyOrigin } from '../../enclave/attestation.ts'
import { decodeAttestedKey } from '../../signers/remote/attested-key.ts'
import { type Command, type Context, exitCodes } from '../command.ts'
import { timeoutMs } from '../settings.ts'
import { facts } from '../text.ts'
import { readBytes } from '../text-input.ts'
import { usage } from '../values.ts'

export const enclaveAttest: Command = {
  name: 'enclave attest',
  summary: 'Prove by the hardware which image keeps a key, and say what that does not prove',
  flags: {
    url: { value: 'url', help: 'Of a signing service in an enclave' },
    socket: { value: 'path', help: 'Or its Unix socket' },
    document: { value: 'file', help: 'Or a document that was kept, as bytes' },
    key: { value: 'name', help: 'The name that the service knows the key by' },
    pcr0: {
      value: 'hex',
      help: 'Of the image that you built: 96 digits; without, nothing is proven',
    },
    pcr: {
      value: 'n=hex',
      multiple: true,
      help: 'Another measurement, such as 8= of who signed the image, 3= of the role of the parent',
    },
    at: { value: 'time', help: 'With --document: when it was valid, ISO 8601; default now' },
    root: {
      value: 'file',
      help: 'Certificate to trust in place of the root of AWS, for development',
    },
  },
  examples: [
    '--url https://signer.internal:8443/ --key minter --pcr0 $PCR0',
    '--socket /run/fcl-kms/enclave.sock --key minter --pcr0 $PCR0 --pcr 8=$PCR8 --json',
    '--document minter.cose --pcr0 $PCR0 --at 2026-11-29T12:00:00Z',
  ],
  async run(context) {
    const expected = expectedPcrs(context)
    const root = await rootOf(context)
    const told = await askOrRead(context, root)
    const { pcrs } = told.attestation
    const differing = expected === undefined ? [] : differingPcrs(told.attestation, expected)
    const isDebug = isDebugMode(told.attestation)
    const isAsExpected = expected !== undefined && differing.length === 0 && !isDebug
    // Of a document that names no key nothing follows for what signs.
    const isProven = isAsExpected && told.key !== undefined
    const trust = root === undefined ? 'AWS' : 'given'
    const { moduleId, timestamp } = told.attestation
    const madeAt = new Date(timestamp).toISOString()
    const { key, publicKey, signatureAlgorithm, isFresh } = told
    const verdict = { isAsExpected, isDebug, isFresh, differing, trust, expected } as const
    return {
      value: {
        ...{ proven: isProven, debugMode: isDebug, fresh: isFresh, root: trust },
        ...{ key, publicKey, signatureAlgorithm, moduleId, madeAt, pcrs, differing },
      },
      lines: [
        ...facts([
          ['verdict', isProven ? 'proven' : 'NOT PROVEN'],
          ['key', key ?? 'the document names none'],
          [
            'public key',
            publicKey === undefined ? undefined : `${signatureAlgorithm} ${publicKey}`,
          ],
          ['module', moduleId],
          ['made', `${madeAt}${isFresh ? ', for this question' : ', and kept since'}`],
          ...measurements(pcrs, expected),
        ]),
        ...explanation(verdict, key !== undefined),
      ],
      exitCode: isProven ? exitCodes.ok : exitCodes.problem,
    }
  },
}

/** What a document said of a key; a kept one need not be about any. */
type Told = Pick<KeyAttestation, 'attestation'> &
  Partial<KeyAttestation> & { readonly key?: string; readonly isFresh: boolean }

async function askOrRead(context: Context, root: Uint8Array | undefined): Promise<Told> {
  const { values, signal } = context
  const [url, socketPath, file] = ['url', 'socket', 'document'].map((name) => values.optional(name))
  if ([url, socketPath, file].filter((one) => one !== undefined).length !== 1)
    throw usage('--url', 'give one of --url, --socket and --document')
  const trust = root === undefined ? {} : { root }
  if (file !== undefined) return readDocument(context, file, trust)
  if (values.optional('at') !== undefined) throw usage('--at', 'it goes with --document')
  const key = values.required('key')
  const limit = timeoutMs(context) ?? 10_000
  const way = url === undefined ? { socketPath: socketPath ?? '' } : { url }
  const told = await attestOrigin({
    ...{ ...way, key, ...trust, signal, totalTimeoutMs: limit },
    requestTimeoutMs: limit,
  })
  return { ...told, key, isFresh: true }
}

async function readDocument(
  context: Context,
  file: string,
  trust: { readonly root?: Uint8Array },
): Promise<Told> {
  const { values } = context
  const tooLarge = () => usage('--document', 'it is longer than a document can be')
  const bytes = await readBytes(context, '--document', file, { maxBytes: 0x3000, tooLarge })
  const at = values.optional('at')
  const now = at === undefined ? Date.now() : timeOf(at)
  const attestation = verifyOrigin(new Uint8Array(bytes), { ...trust, nonce: 'unchecked', now })
  const said = decodeAttestedKey(attestation.userData ?? new Uint8Array())
  const asked = values.optional('key')
  if (asked !== undefined && said?.key !== asked)
    throw usage('--key', 'the document is about another, or none')
  return said === undefined
    ? { attestation, isFresh: false }
    : { ...said, attestation, publicKey: bytesToHex(said.publicKey), isFresh: false }
}

function timeOf(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(at)) throw usage('--at', 'it is no time such as 2026-11-28T12:00:00Z')
  return at
}

/** @returns `undefined` when none is expected. */
function expectedPcrs({ values }: Context): ReadonlyMap<number, string> | undefined {
  const pcr0 = values.optional('pcr0')
  const pairs = values.many('pcr').map((text) => {
    const [, index, digits] = /^(\d{1,2})=(.*)$/s.exec(text) ?? []
    if (index === undefined || digits === undefined)
      throw usage('--pcr', 'it is not a number, = and 96 hexadecimal digits')
    return [Number(index), digits] as const
  })
  const all = [...(pcr0 === undefined ? [] : [[0, pcr0] as const]), ...pairs]
  if (new Set(all.map(([index]) => index)).size !== all.length)
    throw usage('--pcr', 'one of them is given twice')
  return all.length === 0 ? undefined : readyPcrs(Object.fromEntries(all))
}

async function rootOf(context: Context): Promise<Uint8Array | undefined> {
  const file = context.values.optional('root')
  if (file === undefined) return undefined
  const tooLarge = () => usage('--root', 'it is longer than a certificate')
  const bytes = await readBytes(context, '--root', file, { maxBytes: 16_384, tooLarge })
  try {
    return new Uint8Array(new X509Certificate(bytes).raw)
  } catch {
    throw usage('--root', 'it is no certificate, in PEM or DER')
  }
}

const meanings: Readonly<Record<number, string>> = {
  0: 'the image',
  1: 'kernel and first ramdisk',
  2: 'the other ramdisks',
  3: 'role of the parent',
  4: 'instance of the parent',
  8: 'who signed the image',
}

function measurements(
  pcrs: Readonly<Record<number, string>>,
  expected: ReadonlyMap<number, string> = new Map(),
): readonly (readonly [string, string])[] {
  const shown = [...new Set([0, 1, 2, 3, 4, 8, ...expected.keys()])].sort((a, b) => a - b)
  return shown.flatMap((index) => {
    const digits = pcrs[index]
    const wanted = expected.get(index)
    if (digits === undefined && wanted === undefined) return []
    const fits = digits === wanted ? 'as expected' : `NOT as expected: ${wanted}`
    const said = wanted === undefined ? 'nothing expected' : fits
    return [[`PCR${index}`, `${digits ?? 'not there'} (${meanings[index] ?? 'other'}; ${said})`]]
  })
}

type Verdict = {
  readonly isAsExpected: boolean
  readonly isDebug: boolean
  readonly isFresh: boolean
  readonly differing: readonly number[]
  readonly trust: 'AWS' | 'given'
  readonly expected: ReadonlyMap<number, string> | undefined
}

/** In words for who has never read a document. */
function explanation(verdict: Verdict, isOfKey: boolean): readonly string[] {
  const { isAsExpected, isDebug, isFresh, differing, trust, expected } = verdict
  const root =
    trust === 'AWS'
      ? []
      : ['The root is the one of --root, not that of AWS: this says nothing about hardware.']
  if (isDebug)
    return [
      ...root,
      'This enclave runs in debug mode: its measurements are zeros, any image has these, and its parent reads its console and can read its keys. Trust it with nothing; start it without --debug-mode.',
    ]
  if (expected === undefined)
    return [
      ...root,
      'Nothing was expected, so nothing is proven: whoever may start an enclave gets such a document for any image. Build the image, compare, and ask again with --pcr0.',
    ]
  if (!isAsExpected)
    return [
      ...root,
      `Another image, or in another place, than you expect: ${differing.map((index) => `PCR${index}`).join(', ')}. Do not trust the key before you know why.`,
    ]
  return [
    ...root,
    isOfKey
      ? `Proven: ${isFresh ? 'now' : 'at that time'} an enclave with these measurements had signed with this key${isFresh ? '' : ', as the document says; nobody was asked'}.`
      : 'An enclave with these measurements made this document, about no key of a signing service: of what signs for you it proves nothing.',
    'Not proven: what the image does, which only its source and your own build tell; that no copy of the key is elsewhere, which the policy of the wrapping key decides; and the way there: what signs for you later must answer for this public key.',
    ...(expected.has(0) || expected.has(1) || expected.has(2)
      ? []
      : [
          'Whoever may sign such images, or has that role, can run another one: PCR0 was not compared.',
        ]),
  ]
}
