import {
  signWebhook,
  verifyWebhook,
  webhookKey,
} from '../../../../examples/admin-server/src/webhooks/signature.ts'

const secret = 'a secret of the tests with more than 32 bytes'
const at = 1_731_705_121
const now = () => at * 1_000
const body = '{"type":"request.done"}'
const signed = signWebhook(webhookKey(secret), { id: 'wh_1', seconds: at, body })
const signature = signed['webhook-signature']

describe('signWebhook', () => {
  it('gives the signature of the example in the Standard Webhooks specification', () => {
    const key = Buffer.from('plJ3nmyCDGBKInavdOK15jsl', 'base64')
    const headers = signWebhook(key, {
      id: 'msg_loFOjxBNrRLzqYUf',
      seconds: 1_731_705_121,
      body: '{"event_type":"ping","data":{"success":true}}',
    })
    expect(headers).toEqual({
      'webhook-id': 'msg_loFOjxBNrRLzqYUf',
      'webhook-timestamp': '1731705121',
      'webhook-signature': 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    })
  })
})

describe('verifyWebhook', () => {
  it('believes what was signed', () => {
    expect(verifyWebhook(secret, signed, body, { now })).toBe(true)
  })

  it('believes the bytes and any case of header names', () => {
    const headers = {
      'Webhook-Id': 'wh_1',
      'Webhook-Timestamp': String(at),
      'WEBHOOK-SIGNATURE': signature,
    }
    expect(verifyWebhook(secret, headers, Buffer.from(body), { now })).toBe(true)
  })

  it('believes one signature among others, as while a secret is changed', () => {
    const other = `v1,${Buffer.alloc(32).toString('base64')}`
    const headers = { ...signed, 'webhook-signature': `v1a,x ${other} ${signature}` }
    expect(verifyWebhook(secret, headers, body, { now })).toBe(true)
  })

  it.each([
    ['another body', signed, `${body} `],
    ['another id', { ...signed, 'webhook-id': 'wh_2' }, body],
    ['another time', { ...signed, 'webhook-timestamp': String(at + 1) }, body],
    ['a time in other digits', { ...signed, 'webhook-timestamp': `0${at}` }, body],
    ['a time that is none', { ...signed, 'webhook-timestamp': 'NaN' }, body],
    ['no time', { ...signed, 'webhook-timestamp': undefined }, body],
    ['no id', { ...signed, 'webhook-id': '' }, body],
    ['no signature', { ...signed, 'webhook-signature': undefined }, body],
    ['a signature twice', { ...signed, 'webhook-signature': [signature, signature] }, body],
    ['an id in two headers', { ...signed, 'Webhook-Id': 'wh_1' }, body],
    ['another version', { ...signed, 'webhook-signature': signature.replace('v1', 'v2') }, body],
    ['a shorter signature', { ...signed, 'webhook-signature': signature.slice(0, -5) }, body],
    ['a flipped bit', { ...signed, 'webhook-signature': flipped(signature) }, body],
  ])('does not believe %s', (_, headers, text) => {
    expect(verifyWebhook(secret, headers, text, { now })).toBe(false)
  })

  it('does not believe another secret', () => {
    expect(verifyWebhook(`${secret}.`, signed, body, { now })).toBe(false)
  })

  it.each([
    [300, 300, true],
    [-300, 300, true],
    [301, 300, false],
    [-301, 300, false],
    [11, 10, false],
  ])('at %d s off, with a tolerance of %d s, says %s', (off, toleranceSeconds, believed) => {
    const options = { toleranceSeconds, now: () => (at + off) * 1_000 }
    expect(verifyWebhook(secret, signed, body, options)).toBe(believed)
  })

  it('does not look at more than eight signatures', () => {
    const others = Array.from({ length: 8 }, () => 'v1,x').join(' ')
    const headers = { ...signed, 'webhook-signature': `${others} ${signature}` }
    expect(verifyWebhook(secret, headers, body, { now })).toBe(false)
  })
})

describe('webhookKey', () => {
  it('decodes a secret as the libraries of the specification write it', () => {
    const bytes = Buffer.alloc(32, 7)
    expect(webhookKey(`whsec_${bytes.toString('base64')}`)).toEqual(bytes)
  })

  it.each(['', 'a'.repeat(31), `whsec_${Buffer.alloc(31).toString('base64')}`])(
    'refuses %j, and does not repeat it',
    (short) => {
      expect(() => webhookKey(short)).toThrow(
        expect.objectContaining({
          code: 'CONFIGURATION_INVALID',
          facts: { field: 'WEBHOOK_SECRET', leastBytes: 32 },
        }),
      )
    },
  )
})

function flipped(text: string): string {
  const bytes = Buffer.from(text.slice(3), 'base64')
  bytes[31] = (bytes[31] ?? 0) ^ 1
  return `v1,${bytes.toString('base64')}`
}
