/** A Nitro Secure Module on a Unix socket, that signs with the chain of a test. @module */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { encode } from 'cborg'
import { hexToBytes } from '../../../../src/crypto/hex.ts'
import { readCbor } from '../../../../src/enclave/cbor.ts'
import {
  createFrameReader,
  frameOf,
  MAX_REPLY_BYTES,
  MAX_REQUEST_BYTES,
} from '../../../../src/enclave/recipient/frames.ts'
import type { Authority } from './certificates.ts'
import { createNitroChain, type DocumentFields, fieldsOf, signDocument } from './documents.ts'

/** What it tells, and how it fails. Each may be changed while it runs. */
export type ModuleState = {
  /** 96 digits each, by number; the others of 0 to 15 are zeros, as all are in debug mode. */
  readonly pcrs: Readonly<Record<number, string>>
  /** Milliseconds since 1970, by the clock of the hardware. */
  readonly now: () => number
  /** Changes what is signed. */
  readonly fields: (fields: DocumentFields) => DocumentFields
  /** Changes what was signed, or gives another document. */
  readonly document: (document: Uint8Array, fields: DocumentFields) => Uint8Array
  /** Changes a whole reply; no bytes for one that never comes. */
  readonly reply: (reply: Uint8Array) => Uint8Array
}

/** A module that runs. */
export type ServedModule = {
  readonly socketPath: string
  readonly set: (changes: Partial<ModuleState>) => void
  /** As it was in the beginning. */
  readonly reset: () => void
  /** Whose root a KMS must expect. */
  readonly chain: () => readonly Authority[]
  /** Documents so far. */
  readonly attested: () => number
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** By which a certificate of the enclave is made anew. */
const RENEWAL_MS = 1_800_000
const LIFE_MS = 7_200_000
const same = <T>(value: T): T => value

/**
 * Speaks frames (see `src/enclave/recipient/frames.ts`) with whoever connects: the init of a guest by the
 * bridge, or a program on this machine.
 *
 * @param options - `pcrs`: 96 digits each, by number. `chain`: the root first; by default a new one.
 */
export async function serveSecurityModule(
  options: Partial<ModuleState> & {
    readonly socketPath: string
    readonly pcrs: ModuleState['pcrs']
    readonly chain?: readonly Authority[]
  },
): Promise<ServedModule> {
  const { socketPath, chain: given, ...first } = options
  const beginning: ModuleState = {
    ...{ now: Date.now, fields: same, document: same, reply: same },
    ...first,
  }
  let state = beginning
  let chain = given ?? createNitroChain(state.now())
  let madeAt = state.now()
  let attested = 0

  function renew(now: number): void {
    if (Math.abs(now - madeAt) < LIFE_MS - RENEWAL_MS) return
    chain = createNitroChain(now, {}, chain[0])
    madeAt = now
  }

  function attest(asked: ReadonlyMap<unknown, unknown>): object {
    if (given === undefined) renew(state.now())
    const pcrs = Array.from({ length: 16 }, (_, index) => {
      const digits = state.pcrs[index] ?? '00'.repeat(48)
      return [index, hexToBytes(digits, `pcrs.${index}`)] as const
    })
    const fields = state.fields({
      ...fieldsOf(chain, state.now()),
      pcrs: new Map(pcrs),
      ...Object.fromEntries(asked as ReadonlyMap<string, unknown>), // the names are those asked for
    })
    attested += 1
    return { Attestation: { document: state.document(signDocument(chain, fields), fields) } }
  }

  function answerTo(request: unknown): object {
    if (request === 'GetRandom') return { GetRandom: { random: new Uint8Array(randomBytes(256)) } }
    const [[name, asked] = []] = request instanceof Map ? request : []
    if (name === 'Attestation' && asked instanceof Map) return attest(asked)
    return { Error: 'InvalidOperation' }
  }

  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const reader = createFrameReader(MAX_REQUEST_BYTES)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (piece) => {
      const requests = reader.push(piece)
      if (requests === undefined) socket.destroy()
      for (const request of requests ?? []) {
        const reply = state.reply(encode(answerTo(readCbor(request))))
        if (reply.length > 0 && reply.length <= MAX_REPLY_BYTES + 1) socket.write(frameOf(reply))
      }
    })
  })
  server.listen(socketPath)
  await once(server, 'listening')

  return Object.freeze({
    socketPath,
    set(changes) {
      state = { ...state, ...changes }
    },
    reset() {
      state = beginning
    },
    chain: () => chain,
    attested: () => attested,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  } satisfies ServedModule)
}
