import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from 'cborg'
import { serveSecurityModule } from '../../../../examples/enclave/local/nitro/security-module.ts'
import {
  connectSecurityModule,
  createRecipient,
  verifyAttestation,
} from '../../../../src/enclave/index.ts'
import { createFrameReader, frameOf } from '../../../../src/enclave/recipient/frames.ts'

const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-nsm-'))
afterAll(() => rmSync(folder, { recursive: true }))
let made = 0
const newPath = () => join(folder, `${++made}.sock`)
const pcrs = { 0: 'ab'.repeat(48) }
const nonce = Uint8Array.of(1, 2, 3)
const refusal = (code: string, reason: string) =>
  expect.objectContaining({ code, context: { reason } })

/** A server that does with each connection what a test says. */
async function serve(onData: (socket: Socket, piece: Buffer) => void, socketPath = newPath()) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (piece) => onData(socket, piece))
    sockets.add(socket)
  })
  const sockets = new Set<Socket>()
  server.listen(socketPath)
  await once(server, 'listening')
  return {
    socketPath,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

describe('a security module', () => {
  it('makes documents for what it is asked with, one connection for all', async () => {
    await using module = await serveSecurityModule({ socketPath: newPath(), pcrs })
    const { attest, close } = connectSecurityModule({ socketPath: module.socketPath })
    const root = module.chain()[0]?.certificate ?? new Uint8Array()
    const asked = { nonce, publicKey: Uint8Array.of(7), userData: Uint8Array.of(8) }
    const documents = await Promise.all([attest(asked), attest({ nonce }), attest({})])
    const [first, second] = documents.map((document, index) =>
      verifyAttestation(document, { pcrs, nonce: index < 2 ? nonce : 'unchecked', root }),
    )
    expect(first).toMatchObject({ publicKey: asked.publicKey, userData: asked.userData })
    expect(second).not.toHaveProperty('publicKey')
    close()
    expect(await attest({ nonce })).toBeInstanceOf(Uint8Array)
    close()
  })

  it('is found again when it has begun anew', async () => {
    const socketPath = newPath()
    const { attest, close } = connectSecurityModule({ socketPath })
    for (let round = 0; round < 2; round++) {
      await using _ = await serveSecurityModule({ socketPath, pcrs })
      expect(await attest({ nonce })).toBeInstanceOf(Uint8Array)
    }
    await expect(attest({ nonce })).rejects.toThrow(
      expect.objectContaining({ code: 'SECURITY_MODULE_UNAVAILABLE' }),
    )
    close()
  })

  it('is asked one question at a time', async () => {
    let open = 0
    let most = 0
    await using server = await serve((socket) => {
      most = Math.max(most, ++open)
      setTimeout(() => {
        open -= 1
        socket.write(frameOf(encode({ Attestation: { document: nonce } })))
      }, 2)
    })
    const { attest, close } = connectSecurityModule({ socketPath: server.socketPath })
    await Promise.all(Array.from({ length: 10 }, () => attest({})))
    expect([most, server.connections()]).toEqual([1, 1])
    close()
  })

  const invalid = 'SECURITY_MODULE_REPLY_INVALID'
  const noAnswer = 'it is no answer to the question for a document'
  const document = encode({ Attestation: { document: nonce } })
  it.each<readonly [string, string, string, readonly Uint8Array[]]>([
    [
      'an error',
      'SECURITY_MODULE_REFUSED',
      'InputTooLarge',
      [frameOf(encode({ Error: 'InputTooLarge' }))],
    ],
    ['an error of its own', invalid, noAnswer, [frameOf(encode({ Error: 'secret' }))]],
    ['an empty map', invalid, noAnswer, [frameOf(encode({}))]],
    [
      'two answers in one',
      invalid,
      noAnswer,
      [frameOf(encode({ Attestation: { document: nonce }, Error: 'x' }))],
    ],
    [
      'a document that is text',
      invalid,
      noAnswer,
      [frameOf(encode({ Attestation: { document: 'x' } }))],
    ],
    [
      'no bytes of a document',
      invalid,
      'the document has no bytes',
      [frameOf(encode({ Attestation: { document: new Uint8Array() } }))],
    ],
    [
      'more than a document',
      invalid,
      noAnswer,
      [frameOf(encode({ Attestation: { document: nonce, x: 1 } }))],
    ],
    ['no CBOR', invalid, noAnswer, [frameOf(Uint8Array.of(0xff))]],
    ['CBOR and a byte', invalid, noAnswer, [frameOf(Uint8Array.of(...document, 0))]],
    ['an empty frame', invalid, 'a frame is empty or longer than 12288 bytes', [new Uint8Array(4)]],
    [
      'a frame of 12,289 bytes',
      invalid,
      'a frame is empty or longer than 12288 bytes',
      [Uint8Array.of(0, 0, 0x30, 1)],
    ],
    [
      'two frames',
      invalid,
      'it said more than it was asked',
      [frameOf(document), frameOf(document)],
    ],
    ['a frame and a byte', invalid, 'it said more than it was asked', [frameOf(document), nonce]],
  ])('that answers with %s is refused', async (_, code, reason, answer) => {
    await using server = await serve((socket) => socket.write(Buffer.concat(answer)))
    const { attest, close } = connectSecurityModule({ socketPath: server.socketPath })
    await expect(attest({ nonce })).rejects.toThrow(refusal(code, reason))
    close()
  })

  it('may answer a byte at a time', async () => {
    await using server = await serve(async (socket) => {
      for (const byte of frameOf(document)) {
        socket.write(Uint8Array.of(byte))
        await new Promise(setImmediate)
      }
    })
    const { attest, close } = connectSecurityModule({ socketPath: server.socketPath })
    expect(await attest({})).toEqual(nonce)
    close()
  })

  it.each<readonly [string, (socket: Socket) => unknown, string]>([
    ['ends', (socket) => socket.end(), 'it ended the connection'],
    ['never answers', () => undefined, 'it did not answer within 50 ms'],
    [
      'stops in the middle',
      (socket) => socket.write(Uint8Array.of(0, 0, 0, 9, 1)),
      'it did not answer within 50 ms',
    ],
  ])('that %s is away', async (_, onData, reason) => {
    await using server = await serve(onData)
    const { attest } = connectSecurityModule({ socketPath: server.socketPath, timeoutMs: 50 })
    const away = refusal('SECURITY_MODULE_UNAVAILABLE', reason)
    await expect(attest({ nonce })).rejects.toThrow(away)
    await expect(attest({ nonce })).rejects.toThrow(away)
  })

  it('that nobody serves is away', async () => {
    const { attest } = connectSecurityModule({ socketPath: newPath() })
    await expect(attest({})).rejects.toThrow(refusal('SECURITY_MODULE_UNAVAILABLE', 'ENOENT'))
  })

  it('gives nobody the answer to a question that was given up', async () => {
    const answers: (() => void)[] = []
    await using server = await serve((socket, piece) => {
      const [request = new Uint8Array()] = createFrameReader(4_096).push(piece) ?? []
      answers.push(() => socket.write(frameOf(encode({ Attestation: { document: request } }))))
      if (answers.length === 2) for (const answer of answers) answer()
    })
    const { attest, close } = connectSecurityModule({ socketPath: server.socketPath })
    const controller = new AbortController()
    const given = attest({ nonce: Uint8Array.of(1) }, { signal: controller.signal })
    given.catch(() => undefined)
    while (answers.length === 0) await new Promise(setImmediate)
    controller.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    const told = await attest({ nonce: Uint8Array.of(2) })
    expect(
      Buffer.from(told).includes(Buffer.from(encode({ nonce: Uint8Array.of(2) })).subarray(1)),
    ).toBe(true)
    close()
  })

  it('is asked nothing by whoever has given up before', async () => {
    let asked = 0
    await using server = await serve(() => ++asked)
    const { attest, close } = connectSecurityModule({ socketPath: server.socketPath })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(attest({}, { signal })).rejects.toThrow('enough')
    expect(asked).toBe(0)
    close()
  })

  it('turns away more than a thousand questions that wait', async () => {
    await using server = await serve(() => undefined)
    const { attest } = connectSecurityModule({ socketPath: server.socketPath, timeoutMs: 200 })
    const all = await Promise.allSettled(Array.from({ length: 1_001 }, () => attest({})))
    expect(all.at(-1)).toMatchObject({ reason: { context: { reason: '1000 questions wait' } } })
  })

  it.each<readonly [string, () => unknown]>([
    ['socketPath', () => connectSecurityModule({ socketPath: '' })],
    ['timeoutMs', () => connectSecurityModule({ socketPath: 'x', timeoutMs: 0 })],
    ['path', () => connectSecurityModule({ path: 'x' } as never)],
    ['securityModule', () => createRecipient({} as never)],
  ])('with a wrong %s is refused', (option, make) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })

  it.each([
    { nonce: new Uint8Array() },
    { nonce: new Uint8Array(513) },
    { userData: new Uint8Array(513) },
    { publicKey: new Uint8Array(1_025) },
    { nonce: 'x' },
    { other: nonce },
  ])('is not asked with %j', async (asked) => {
    const { attest } = connectSecurityModule({ socketPath: newPath() })
    await expect(attest(asked as object)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})
