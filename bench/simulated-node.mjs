/**
 * An access node with a chain of its own, as a process: blocks by the clock, sequence numbers checked
 * at execution, a limit of sends for each port. Signatures are not checked and Cadence is not run.
 * Takes its settings as JSON; tells its URLs by IPC and ends with its parent. @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { importFromRoot } from './own-package.mjs'

const { transactionId } = await importFromRoot('fcl-kms/crypto')

/**
 * @typedef {{ nodes: number, keys: number, publicKey: string, blockMs: number, executionMs: number,
 *   sealMs: number, sendsPerSecond: number, retryAfter?: string }} Settings `keys`: copies of weight
 *   0 after the one of weight 1000. `executionMs` and `sealMs`: from the send, on average.
 *   `retryAfter`: that header of a 429
 */
/** @type {Settings} */
const settings = JSON.parse(process.argv[2] ?? '{}')
const { blockMs, executionMs, sealMs, sendsPerSecond, retryAfter } = settings
const limitHeaders = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
/** Blocks that are kept: older ones nobody asks for. */
const KEPT = 700

/** By height: `{ id, parentId, height, at, executed, transactions: { id, key, number, error }[] }`. */
const blocks = new Map()
const heights = new Map()
const sequenceNumbers = new Array(settings.keys + 1).fill(0n)
let pending = []
let height = 0
let executedHeight = 0

function makeBlock(at = performance.now()) {
  const parentId = blocks.get(height)?.id ?? '0'.repeat(64)
  height += 1
  const id = randomBytes(32).toString('hex')
  // The chain's own transaction stands in each block.
  const own = {
    id: createHash('sha3-256').update(id).digest('hex'),
    key: -1,
    number: 0n,
    error: '',
  }
  const transactions = [...pending, own]
  blocks.set(height, { id, parentId, height, at, executed: false, transactions })
  heights.set(id, height)
  pending = []
  const old = blocks.get(height - KEPT)
  if (old !== undefined) heights.delete(old.id)
  blocks.delete(height - KEPT)
  execute()
}

/** A transaction waits half a block on average until one takes it. */
const ageOf = ({ at }) => performance.now() - at + blockMs / 2

function execute() {
  for (let next = blocks.get(executedHeight + 1); next && ageOf(next) >= executionMs; ) {
    for (const transaction of next.transactions) {
      if (transaction.key < 0) continue
      const expected = sequenceNumbers[transaction.key]
      if (transaction.number === expected) sequenceNumbers[transaction.key] += 1n
      else
        transaction.error = `[Error Code: 1007] invalid proposal key: sequence number ${expected}`
    }
    next.executed = true
    executedHeight = next.height
    next = blocks.get(executedHeight + 1)
  }
}

const isSealed = (block) => block.executed && ageOf(block) >= sealMs
function sealedBlock() {
  let found = executedHeight
  while (found > 1 && blocks.has(found - 1) && !isSealed(blocks.get(found))) found -= 1
  return blocks.get(found)
}

const headerOf = ({ id, parentId, height: at }) => ({
  header: { id, parent_id: parentId, height: String(at), timestamp: new Date().toISOString() },
})

const resultOf = (block) => {
  const sealed = isSealed(block)
  return ({ id, error }) => ({
    block_id: block.id,
    status: sealed ? 'Sealed' : 'Executed',
    status_code: error === '' ? 0 : 1,
    error_message: error,
    computation_used: '30',
    events: [],
    _links: { _self: `/v1/transaction_results/${id}` },
  })
}

const keyAt = (index) => ({
  index: String(index),
  public_key: settings.publicKey,
  signing_algorithm: 'ECDSA_P256',
  hashing_algorithm: 'SHA3_256',
  sequence_number: String(sequenceNumbers[index]),
  weight: index === 0 ? '1000' : '0',
  revoked: false,
})

const notFound = [404, { message: 'not found' }]

/** @returns {[number, unknown]} */
function answer(url) {
  execute()
  const { pathname, searchParams } = url
  const [, , kind, name, , index] = pathname.split('/')
  if (kind === 'network') return [200, { chain_id: 'flow-emulator' }]
  if (kind === 'accounts' && index !== undefined) return [200, keyAt(Number(index))]
  if (kind === 'accounts') {
    const keys = sequenceNumbers.map((_, at) => keyAt(at))
    return [200, { address: name, balance: '100000000', keys }]
  }
  if (kind === 'transaction_results') {
    const block = blocks.get(Number(searchParams.get('block_height')))
    return block?.executed ? [200, block.transactions.map(resultOf(block))] : notFound
  }
  if (kind !== 'blocks') return notFound
  if (name !== undefined) {
    const block = blocks.get(heights.get(name))
    return block === undefined ? notFound : [200, [headerOf(block)]]
  }
  const wanted = searchParams.get('height')
  if (wanted === 'sealed') return [200, [headerOf(sealedBlock())]]
  if (wanted === 'final') return [200, [headerOf(blocks.get(height))]]
  const [from, to] = ['start_height', 'end_height'].map((field) => Number(searchParams.get(field)))
  const found = Array.from({ length: to - from + 1 }, (_, offset) => blocks.get(from + offset))
  return found.every(Boolean) ? [200, found.map(headerOf)] : notFound
}

function take(body) {
  const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'))
  const signature = ({ address, key_index: keyIndex, signature: text }) => ({
    address: `0x${address}`,
    keyIndex: Number(keyIndex),
    signature: bytes(text),
  })
  const { proposal_key: key } = body
  const number = BigInt(key.sequence_number)
  const id = transactionId({
    cadence: Buffer.from(body.script, 'base64').toString(),
    arguments: body.arguments.map((text) => Buffer.from(text, 'base64').toString()),
    referenceBlockId: new Uint8Array(Buffer.from(body.reference_block_id, 'hex')),
    computeLimit: Number(body.gas_limit),
    proposalKey: {
      address: `0x${key.address}`,
      keyIndex: Number(key.key_index),
      sequenceNumber: number,
    },
    payer: `0x${body.payer}`,
    authorizers: body.authorizers.map((address) => `0x${address}`),
    payloadSignatures: body.payload_signatures.map(signature),
    envelopeSignatures: body.envelope_signatures.map(signature),
  })
  pending.push({ id, key: Number(key.key_index), number, error: '' })
  return { id }
}

/** Counts by the second that slides along. */
function createLimit() {
  /** @type {number[]} */
  const sends = []
  return () => {
    const now = performance.now()
    while (sends.length > 0 && sends[0] <= now - 1_000) sends.shift()
    if (sends.length >= sendsPerSecond) return false
    sends.push(now)
    return true
  }
}

async function listen() {
  const mayTake = createLimit()
  const server = createServer(async (request, response) => {
    const reply = (status, json, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify(json))
    }
    if (request.method !== 'POST') return reply(...answer(new URL(request.url, 'http://node')))
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    if (!mayTake()) return reply(429, { message: 'too many requests' }, limitHeaders)
    reply(201, take(JSON.parse(Buffer.concat(chunks).toString())))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${server.address().port}`
}

makeBlock(-sealMs) // the first block has been sealed for long
setInterval(() => makeBlock(), blockMs)
process.on('disconnect', () => process.exit(0))
const urls = await Promise.all(Array.from({ length: settings.nodes }, listen))
process.send?.({ urls })
