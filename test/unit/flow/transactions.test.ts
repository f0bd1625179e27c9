/** Sending a transaction to nodes that lose, refuse, repeat and lie. @module */
import { transactionId } from '../../../src/crypto/transaction.ts'
import { sendTransaction, waitForSeal } from '../../../src/flow/transactions.ts'
import { holdClock } from '../../support/held-clock.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { until } from '../../support/until.ts'
import { sampleTransaction } from '../crypto/transactions.ts'
import { rejectionOf, startAnswering, startServer, startSocketServer } from './servers.ts'

const id = transactionId(sampleTransaction)
const at = (url: string, timeoutMs = ANSWERS_MS) => ({ url, timeoutMs })
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('sendTransaction', () => {
  it('posts the transaction in the form of the REST API, once', async () => {
    let body = ''
    await using node = await startServer((response, _, request) => {
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => response.end('{}'))
    })
    expect(await sendTransaction(at(node.url), sampleTransaction)).toBe(id)
    expect(node.requests).toEqual(['POST /v1/transactions'])
    const signature = (account: string, keyIndex: string, byte: number) => ({
      address: account,
      key_index: keyIndex,
      signature: Buffer.alloc(64, byte).toString('base64'),
    })
    expect(JSON.parse(body)).toEqual({
      script: base64(sampleTransaction.cadence),
      arguments: sampleTransaction.arguments.map(base64),
      reference_block_id: 'ab'.repeat(32),
      gas_limit: '100',
      payer: '1112131415161718',
      proposal_key: { address: '0102030405060708', key_index: '3', sequence_number: '41' },
      authorizers: ['0102030405060708', '2122232425262728'],
      payload_signatures: [
        signature('0102030405060708', '3', 1),
        signature('2122232425262728', '0', 2),
      ],
      envelope_signatures: [signature('1112131415161718', '0', 3)],
    })
  })

  it('computes the id, and does not take it from the reply', async () => {
    await using node = await startAnswering({ id: 'f'.repeat(64) })
    expect(await sendTransaction(at(node.url), sampleTransaction)).toBe(id)
  })

  const local = (said: string) => `Invalid Flow request: ${said}`
  const busy = local(`pending block with ID ${id} is currently being executed`)
  const expired = 'transaction is expired: ref_height=1 final_height=900'
  it.each([
    ['of the emulator', 500, local(expired)],
    ['of an access node', 400, `Invalid Flow argument: invalid transaction: ${expired}`],
  ])('says ACCESS_NODE_REFUSED at the sentence %s', async (_, status, reason) => {
    await using node = await startAnswering({ code: status, message: reason }, status)
    await expect(sendTransaction(at(node.url), sampleTransaction)).rejects.toMatchObject({
      code: 'ACCESS_NODE_REFUSED',
      context: { status, reason },
    })
    expect(node.requests).toHaveLength(1)
  })

  it('sends the same bytes again while the emulator executes a block', async () => {
    await using node = await startServer((response, count) => {
      response.statusCode = count < 3 ? 500 : 200
      response.end(JSON.stringify(count < 3 ? { code: 500, message: busy } : {}))
    })
    expect(await sendTransaction(at(node.url), sampleTransaction)).toBe(id)
    expect(node.requests).toHaveLength(3)
  })

  it('says that it was refused when the emulator stays busy', async () => {
    await using node = await startAnswering({ code: 500, message: busy }, 500)
    using clock = holdClock()
    const sending = () => sendTransaction(at(node.url), sampleTransaction)
    await expect(clock.passBetweenRequests(sending)).rejects.toMatchObject({
      code: 'ACCESS_NODE_REFUSED',
    })
  })

  it('takes a duplicate as sent', async () => {
    const message = local(`transaction with ID ${id} has already been submitted`)
    await using node = await startAnswering({ code: 500, message }, 500)
    expect(await sendTransaction(at(node.url), sampleTransaction)).toBe(id)
  })

  const unsettled = {
    code: 'TRANSACTION_UNSETTLED',
    disposition: 'retry',
    context: { transactionId: id },
  }

  it('says TRANSACTION_UNSETTLED when the reply is lost, and does not send again (F2)', async () => {
    await using node = await startServer((response) => response.socket?.resetAndDestroy())
    await expect(sendTransaction(at(node.url), sampleTransaction)).rejects.toMatchObject(unsettled)
    expect(node.requests).toHaveLength(1)
  })

  it('says TRANSACTION_UNSETTLED in time when no reply comes', async () => {
    await using node = await startSocketServer(() => undefined)
    using clock = holdClock()
    const sending = rejectionOf(sendTransaction(at(node.url, 500), sampleTransaction))
    await until(() => node.requests.length > 0)
    const { error, elapsedMs } = await clock.passUntil(sending)
    expect(error).toMatchObject(unsettled)
    expect(elapsedMs).toBeLessThan(1.1 * 500)
    expect(node.requests).toHaveLength(1)
  })

  it.each([
    [400, '{"code":400,"message":"invalid signature"}'],
    [401, '{"code":401,"message":"no"}'],
    [403, '<html>'],
    [404, '{}'],
    [413, '{}'],
    [429, '{}'],
    [500, '{"code":500,"message":"context deadline exceeded"}'],
    [500, '{"code":500,"message":"Invalid Flow request: failed to store transaction: no space"}'],
    [502, '<html>'],
    [503, '{}'],
    [200, '<html>'],
  ])('says TRANSACTION_UNSETTLED on %d with %s', async (status, body) => {
    await using node = await startAnswering(body, status)
    await expect(sendTransaction(at(node.url), sampleTransaction)).rejects.toMatchObject(unsettled)
    expect(node.requests).toHaveLength(1)
  })

  it('says TRANSACTION_UNSETTLED to a caller who aborts while it is sent', async () => {
    await using node = await startSocketServer(() => undefined)
    const controller = new AbortController()
    const options = { signal: controller.signal }
    const sending = rejectionOf(sendTransaction(at(node.url, 10_000), sampleTransaction, options))
    while (node.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort('enough')
    expect((await sending).error).toMatchObject({ ...unsettled, cause: 'enough' })
  })

  it('sends nothing that a node would misread', async () => {
    await using node = await startAnswering({})
    const odd = { ...sampleTransaction, referenceBlockId: new Uint8Array(31) }
    await expect(sendTransaction(at(node.url), odd)).rejects.toMatchObject({
      code: 'MALFORMED_TRANSACTION',
    })
    expect(node.requests).toEqual([])
  })
})

describe('waitForSeal', () => {
  const event = { type: 'flow.AccountCreated', payload: base64('{"value":7}') }
  const sealed = {
    status: 'Sealed',
    status_code: 0,
    error_message: '',
    computation_used: '12',
    events: [event],
  }

  it('reads the result of a sealed transaction', async () => {
    await using node = await startAnswering(sealed)
    expect(await waitForSeal(at(node.url), id)).toEqual({
      transactionId: id,
      computationUsed: 12,
      events: [{ type: 'flow.AccountCreated', payload: { value: 7 } }],
    })
    expect(node.requests).toEqual([`GET /v1/transaction_results/${id}`])
  })

  it('waits while it is unknown, pending or executed', async () => {
    await using node = await startServer((response, count) => {
      if (count === 1) response.statusCode = 404
      const status = ['', 'Pending', 'Executed', 'Sealed'][count - 1]
      response.end(JSON.stringify({ ...sealed, status }))
    })
    expect((await waitForSeal(at(node.url), id)).computationUsed).toBe(12)
    expect(node.requests).toHaveLength(4)
  })

  it('tells the error codes of a failure', async () => {
    const error_message =
      '[Error Code: 1006] invalid proposal key: [Error Code: 1008] invalid payload signature'
    await using node = await startAnswering({ ...sealed, status_code: 1, error_message })
    await expect(waitForSeal(at(node.url), id)).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      context: { transactionId: id, errorCodes: [1006, 1008], reason: error_message },
    })
  })

  it.each([
    ['a status code without a message', { status_code: 1 }],
    ['a message without a status code', { error_message: 'panic' }],
    ['no status code', { status_code: undefined }],
    ['a status code that is a text', { status_code: '0' }],
  ])('takes %s as a failure', async (_, change) => {
    await using node = await startAnswering({ ...sealed, ...change })
    await expect(waitForSeal(at(node.url), id)).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
    })
  })

  it('bounds what a failed transaction says', async () => {
    const error_message = `[Error Code: 1101] ${'x'.repeat(100_000)}\u001b`
    await using node = await startAnswering({ ...sealed, status_code: 1, error_message })
    const { error } = await rejectionOf(waitForSeal(at(node.url), id))
    expect(error).toMatchObject({ context: { errorCodes: [1101] } })
    expect(String(error).length).toBeLessThan(1_000)
  })

  it('says TRANSACTION_EXPIRED', async () => {
    await using node = await startAnswering({ ...sealed, status: 'Expired' })
    await expect(waitForSeal(at(node.url), id)).rejects.toMatchObject({
      code: 'TRANSACTION_EXPIRED',
      context: { transactionId: id },
    })
  })

  it('says TRANSACTION_UNSETTLED when the time is over', async () => {
    await using node = await startAnswering({ ...sealed, status: 'Pending' })
    await expect(waitForSeal(at(node.url), id, { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'TRANSACTION_UNSETTLED',
      context: { transactionId: id },
    })
  })

  it.each([
    ['null', null],
    ['a list', [sealed]],
    ['no status', { ...sealed, status: undefined }],
    ['a status that is a number', { ...sealed, status: 4 }],
    ['an error message that is an object', { ...sealed, error_message: {} }],
    ['no computation', { ...sealed, computation_used: undefined }],
    ['events that are an object', { ...sealed, events: {} }],
    ['an event that is null', { ...sealed, events: [null] }],
    ['an event without a type', { ...sealed, events: [{ payload: event.payload }] }],
    ['a payload that is not JSON', { ...sealed, events: [{ ...event, payload: base64('{') }] }],
    ['a payload that is an object', { ...sealed, events: [{ ...event, payload: {} }] }],
  ])('refuses %s', async (_, body) => {
    await using node = await startAnswering(body)
    await expect(waitForSeal(at(node.url), id)).rejects.toMatchObject({
      code: 'ACCESS_NODE_REPLY_INVALID',
    })
  })

  it('ends with the reason of a caller who aborts', async () => {
    await using node = await startAnswering({ ...sealed, status: 'Pending' })
    const controller = new AbortController()
    const waiting = rejectionOf(waitForSeal(at(node.url), id, { signal: controller.signal }))
    while (node.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort('enough')
    expect((await waiting).error).toBe('enough')
  })
})
