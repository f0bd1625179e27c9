/** What an error of FCL proves of the transaction that it sent. */
import { type Transaction, transactionId } from '../../../src/crypto/transaction.ts'
import { prepareTransaction } from '../../../src/flow/post-transaction.ts'
import { readRestTransaction } from '../../../src/flow/rest-transaction.ts'
import { neverTaken } from '../../../src/proposal-keys/send-failure.ts'
import { playRoles } from '../../support/fcl-player.ts'
import { address, latestBlockId, openPool, startPoolChain } from '../../support/pool-world.ts'
import { until } from '../../support/until.ts'

const signature = { address, keyIndex: 0, signature: new Uint8Array(64).fill(7) }
const transaction: Transaction = {
  cadence: 'transaction { 語 "requestBody={}" }',
  arguments: ['{"type":"String","value":"ü"}'],
  referenceBlockId: new Uint8Array(32).fill(9),
  computeLimit: 100,
  proposalKey: { address, keyIndex: 1, sequenceNumber: 2n ** 60n },
  payer: address,
  authorizers: [address],
  payloadSignatures: [{ ...signature, keyIndex: 3, extensionData: new Uint8Array([1, 2]) }],
  envelopeSignatures: [signature],
}
const id = transactionId(transaction)

/** As `HTTPRequestError` of @onflow/transport-http is made. */
function fclError(statusCode: number, errorMessage: string, sent: Transaction = transaction) {
  const response = JSON.stringify({ code: statusCode, message: errorMessage }, undefined, 1)
  const message = `
      HTTP Request Error: An error occurred when interacting with the Access API.
      error=${errorMessage}
      hostname=https://rest-testnet.onflow.org
      path=/v1/transactions
      method=POST
      requestBody=${prepareTransaction(sent).body}
      responseBody=${response}
      responseStatusText=Bad Request
      statusCode=${statusCode}
    `
  return Object.assign(new Error(message), { statusCode, errorMessage })
}

const node = 'Invalid Flow argument: invalid transaction: '
const emulator = 'Invalid Flow request: '
const limit = 'transaction gas limit (100000) is not in the acceptable range (min: 1, max: 9999)'
const parse = 'failed to parse transaction Cadence script: Parsing failed: error: unexpected end'
const stale = 'transaction is expired: ref_height=10 final_height=700'

describe('readRestTransaction', () => {
  it('reads what is posted back to the same bytes', () => {
    const read = readRestTransaction(prepareTransaction(transaction).body)
    expect(transactionId(read)).toBe(id)
    expect(read).toEqual(transaction)
  })

  it.each([
    '',
    '{}',
    '[]',
    'null',
    '{"script":1}',
    '{"script":"","arguments":[],"proposal_key":{}}',
  ])('refuses %j', (body) => {
    expect(() => readRestTransaction(body)).toThrow()
  })
})

describe('neverTaken', () => {
  it.each([
    [400, `${node}${limit}`],
    [400, `${node}${parse}`],
    [500, `${emulator}${parse}`],
    [400, `${node}invalid address: f8d6e0586b0a20c8`],
    [400, 'too many arguments. Maximum arguments allowed: 100'],
  ])('knows the transaction by %i and %j', (status, message) => {
    expect(neverTaken(fclError(status, message))).toBe(id)
  })

  it.each([
    ['an expiry, for an earlier try may have been taken', 400, `${node}${stale}`],
    [
      'a payer without balance',
      400,
      `${node}transaction payer (f8d6e0586b0a20c7) has insufficient balance to pay transaction fee. Required balance: (0.1).`,
    ],
    [
      'a signature too many, which another can leave out',
      400,
      `${node}duplicated signature for key (address: f8d6e0586b0a20c7, index: 1)`,
    ],
    [
      'a size, to which signatures add',
      400,
      `${node}transaction byte size (1500001) exceeds the maximum byte size allowed for a transaction (1500000)`,
    ],
    ['a sentence under another status', 503, `${node}${limit}`],
    ['a sentence behind another wrapper', 400, `failed to store: ${node}${limit}`],
    ['a limit of the rate', 429, 'limited'],
    ['a gateway', 403, '{"message":"no"}'],
  ])('does not take %s for a proof', (_, status, message) => {
    expect(neverTaken(fclError(status, message))).toBeUndefined()
  })

  it('believes no line that the node quotes', () => {
    const foreign = prepareTransaction({ ...transaction, computeLimit: 5 }).body
    const thrown = fclError(400, `${node}${parse}\n      requestBody=${foreign}`)
    // The line of the error's own text stands first, and two bodies are none.
    expect(neverTaken(thrown)).toBeUndefined()
  })

  it.each([undefined, null, 'text', new Error('text'), {}, { statusCode: 400, errorMessage: 1 }])(
    'knows nothing by %p',
    (thrown) => {
      expect(neverTaken(thrown)).toBeUndefined()
    },
  )
})

describe('a pool that is told how a send failed', () => {
  it('frees the key of a transaction that is refused for ever, and lends it with the same number', async () => {
    await using node = await startPoolChain({ copies: 1 })
    await using pool = await openPool(node.url, { transactionExpiry: 100_000 })
    const sent = await (await playRoles(pool.authz, 'bad')).sign(latestBlockId(node))
    expect(pool.noteFailure(fclError(400, 'Invalid Flow argument', sent))).toBe(false)
    expect(pool.noteFailure(fclError(400, `${emulator}${parse}`, transaction))).toBe(false)
    expect(pool.stats().inFlight).toBe(1)
    const wrapped = `Invalid Flow argument: invalid transaction: ${parse}`
    expect(pool.noteFailure(fclError(400, wrapped, sent))).toBe(true)
    await until(() => pool.stats().inFlight === 0)
    expect(pool.stats()).toMatchObject({ refused: 1, drifted: 0 })
    const lease = await pool.lease()
    expect([lease.keyIndex, lease.sequenceNumber]).toEqual([1, sent.proposalKey.sequenceNumber])
  })
})
