import { transactionId } from '../../../../src/crypto/transaction.ts'
import {
  type SendFlowOptions,
  type SignedTransfer,
  sendFlow,
} from '../../../../src/provisioning/index.ts'
import { ANSWERS_MS } from '../../../support/limits.ts'
import {
  NEW_ADDRESS,
  type NodeEndpoint,
  nodeRefusal,
  PAYER,
  sealed,
  startNodeEndpoint,
} from '../node-endpoint.ts'

const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })
const anId = expect.stringMatching(/^[0-9a-f]{64}$/)

async function startNode(): Promise<NodeEndpoint> {
  const node = await startNodeEndpoint()
  node.setKeys(NEW_ADDRESS, [])
  node.result = sealed([])
  return node
}

const send = (node: NodeEndpoint, more: Partial<SendFlowOptions> = {}) =>
  sendFlow({
    accessNode: { url: node.url, timeoutMs: ANSWERS_MS },
    authorizer: node.payer.authorizer,
    address: PAYER,
    to: NEW_ADDRESS,
    amount: '1.5',
    timeoutMs: ANSWERS_MS,
    ...more,
  })

describe('sendFlow', () => {
  it('sends one transaction, and shows it before', async () => {
    await using node = await startNode()
    const signed: SignedTransfer[] = []
    const sent = await send(node, {
      onSigned(one) {
        expect(node.calls).not.toContain('POST transactions')
        signed.push(one)
      },
    })
    const [shown] = signed
    expect(sent).toEqual({
      transactionId: shown?.transactionId,
      chainId: 'flow-emulator',
      from: PAYER,
      to: NEW_ADDRESS,
      amount: '1.50000000',
    })
    expect(shown === undefined ? '' : transactionId(shown.transaction)).toBe(sent.transactionId)
    expect(shown?.transaction.arguments.map((text) => JSON.parse(text))).toEqual([
      { type: 'UFix64', value: '1.50000000' },
      { type: 'Address', value: NEW_ADDRESS },
    ])
    expect(node.calls.filter((name) => name === 'POST transactions')).toHaveLength(1)
  })

  it.each([
    ['0.00000001', '0.00000001'],
    ['184467440737.09551615', '184467440737.09551615'],
    ['007', '7.00000000'],
  ])('takes %s', async (amount, told) => {
    await using node = await startNode()
    expect((await send(node, { amount })).amount).toBe(told)
  })

  it.each<[string, object, string]>([
    ['nothing', { amount: '0' }, 'amount'],
    ['a negative amount', { amount: '-1' }, 'amount'],
    ['nine decimals', { amount: '1.000000001' }, 'amount'],
    ['more than there can be', { amount: '184467440737.09551616' }, 'amount'],
    ['a number', { amount: 1.5 }, 'amount'],
    ['an exponent', { amount: '1e3' }, 'amount'],
    ['a text behind', { amount: '1 FLOW' }, 'amount'],
    ['itself', { to: PAYER }, 'to'],
    ['an observer that is none', { onSigned: 5 }, 'onSigned'],
  ])('sends nothing for %s', async (_, wrong, option) => {
    await using node = await startNode()
    await expect(send(node, wrong)).rejects.toEqual(code('INVALID_OPTION', { option }))
    expect(node.calls).toEqual([])
  })

  it.each<[string, object, string]>([
    ['an account that is not there', { to: '0x179b6b1cb6755e31' }, 'ACCOUNT_NOT_FOUND'],
    ['another chain', { chainId: 'flow-mainnet' }, 'CHAIN_MISMATCH'],
    ['a wrong address', { to: '0x1' }, 'INVALID_ADDRESS'],
  ])('sends nothing for %s, with a code of its own', async (_, wrong, expected) => {
    await using node = await startNode()
    await expect(send(node, wrong)).rejects.toEqual(code(expected))
    expect(node.calls).not.toContain('POST transactions')
  })

  it('signs nothing for a chain whose contracts it does not know', async () => {
    await using node = await startNode()
    node.chainId = 'flow-previewnet'
    await expect(send(node)).rejects.toEqual(code('CHAIN_MISMATCH', { actual: 'flow-previewnet' }))
    expect(node.calls).not.toContain('POST transactions')
  })

  it('sends nothing when the signed bytes cannot be kept', async () => {
    await using node = await startNode()
    const onSigned = () => Promise.reject(new TypeError('the disk is full'))
    await expect(send(node, { onSigned })).rejects.toThrow('the disk is full')
    expect(node.calls).not.toContain('POST transactions')
  })

  it('tells whether anything was sent', async () => {
    await using node = await startNode()
    node.result = sealed([], '[Error Code: 1101] too little')
    await expect(send(node)).rejects.toEqual(code('TRANSACTION_FAILED', { transactionId: anId }))
    node.result = { status: 404, body: {} }
    await expect(send(node, { timeoutMs: 1 })).rejects.toEqual(
      code('TRANSACTION_UNSETTLED', { transactionId: anId }),
    )
    node.result = { status: 500, body: { message: 'x' } }
    await expect(send(node, { timeoutMs: 1 })).rejects.toEqual(
      code('TRANSACTION_UNSETTLED', { transactionId: anId }),
    )
    node.post = { status: 400, body: { code: 400, message: nodeRefusal } }
    await expect(send(node)).rejects.toEqual(code('ACCESS_NODE_REFUSED'))
  })
})
