import { isAdminError } from '../../../../examples/admin-server/src/errors.ts'
import {
  assertWebhookUrl,
  checkedAddresses,
  isWebhookOrigin,
  pinnedLookup,
} from '../../../../examples/admin-server/src/webhooks/address-guard.ts'
import { allowedOrigins, refusedUrls } from './refused-urls.ts'

describe('assertWebhookUrl', () => {
  it.each([
    ['https://hooks.example.com', 'https://hooks.example.com/'],
    ['https://hooks.example.com/', 'https://hooks.example.com/'],
    ['https://hooks.example.com:443/a/b?c=d', 'https://hooks.example.com/a/b?c=d'],
    ['https://hooks.example.com?c=d', 'https://hooks.example.com/?c=d'],
    ['https://hooks.example.com:8443/%C3%A9', 'https://hooks.example.com:8443/%C3%A9'],
    ['https://hooks.example.com/a/../b@c', 'https://hooks.example.com/b@c'],
    ['http://127.0.0.1:8080/x', 'http://127.0.0.1:8080/x'],
    ['http://[::1]:8080/x', 'http://[::1]:8080/x'],
  ])('takes %s', (url, stored) => {
    expect(assertWebhookUrl(url, allowedOrigins)).toBe(stored)
  })

  it.each(refusedUrls)('refuses %j: %s', (url, reason) => {
    expect(() => assertWebhookUrl(url, allowedOrigins)).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        facts: { field: 'webhookUrl', reason },
      }),
    )
  })

  it('takes nothing when nothing is allowed', () => {
    expect(() => assertWebhookUrl('https://hooks.example.com/', [])).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it('takes nothing by an entry that is no origin', () => {
    const entries = [
      'http://hooks.example.com',
      'https://hooks.example.com/hook',
      'https://*.example.com',
      '*',
      'https://10.0.0.5',
    ]
    for (const url of ['http://hooks.example.com/x', 'https://10.0.0.5/x'])
      expect(() => assertWebhookUrl(url, entries)).toThrow(
        expect.objectContaining({ facts: { field: 'webhookUrl', reason: 'origin-not-allowed' } }),
      )
  })

  it('does not repeat the URL, whose path may be a secret', () => {
    let thrown: unknown
    try {
      assertWebhookUrl('https://evil.example/canary-7f3a', allowedOrigins)
    } catch (error) {
      thrown = error
    }
    expect(isAdminError(thrown)).toBe(true)
    expect(JSON.stringify([String(thrown), thrown])).not.toContain('canary')
  })
})

describe('isWebhookOrigin', () => {
  it.each([
    'https://hooks.example.com',
    'https://hooks.example.com:443',
    'https://hooks.example.com:8443',
    'https://93.184.216.34',
    'https://[2606:4700::1111]:8443',
    'http://127.0.0.1:8080',
    'https://127.0.0.1:8080',
    'http://[::1]',
  ])('is true of %s', (entry) => {
    expect(isWebhookOrigin(entry)).toBe(true)
  })

  it.each([
    '',
    '*',
    'hooks.example.com',
    'https://hooks.example.com/',
    'https://hooks.example.com/x',
    'https://hooks.example.com?x',
    'https://user@hooks.example.com',
    'https://HOOKS.example.com',
    'https://hooks.example.com.',
    'https://*.example.com/x',
    'http://hooks.example.com',
    'http://localhost:8080',
    'https://localhost',
    'https://a.localhost',
    'http://93.184.216.34',
    'https://10.0.0.5',
    'https://169.254.169.254',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:7f00:1]',
    'https://[fd00:ec2::254]',
    'ftp://127.0.0.1',
    'null',
  ])('is false of %j', (entry) => {
    expect(isWebhookOrigin(entry)).toBe(false)
  })
})

describe('checkedAddresses', () => {
  const url = new URL('https://hooks.example.com/x')
  const notPublic = { errorCode: 'ADDRESS_NOT_PUBLIC' }

  it('gives all public addresses of a name', async () => {
    const addresses = ['93.184.216.34', '2606:4700::1111']
    expect(await checkedAddresses(url, async () => addresses)).toEqual({ addresses })
  })

  it.each([
    [['10.1.2.3']],
    [['169.254.169.254']],
    [['127.0.0.1']],
    [['::1']],
    [['::ffff:93.184.216.34']],
    [['93.184.216.34', '192.168.1.1']], // one is enough
    [['2606:4700::1111', 'fd00::1']],
    [['not an address']],
  ])('refuses a name that leads to %j', async (addresses) => {
    expect(await checkedAddresses(url, async () => addresses)).toEqual(notPublic)
  })

  it('refuses a name that leads to loopback also when a loopback address is allowed', async () => {
    const named = new URL('https://localhost:8080/x')
    expect(await checkedAddresses(named, async () => ['127.0.0.1'])).toEqual(notPublic)
  })

  it('refuses a private address in digits, without asking a name server', async () => {
    const asked: string[] = []
    const resolve = async (name: string) => {
      asked.push(name)
      return ['93.184.216.34']
    }
    for (const host of ['10.0.0.5', '169.254.169.254', '[fd00::1]', '[::ffff:7f00:1]'])
      expect(await checkedAddresses(new URL(`https://${host}/`), resolve)).toEqual(notPublic)
    expect(asked).toEqual([])
  })

  it('lets a loopback address in digits be itself', async () => {
    expect(await checkedAddresses(new URL('http://[::1]:1/'))).toEqual({ addresses: ['::1'] })
  })

  it.each([
    ['has no address', async () => []],
    ['cannot be resolved', () => Promise.reject(new Error('ENOTFOUND'))],
  ])('tells of a name that %s', async (_, resolve) => {
    expect(await checkedAddresses(url, resolve)).toEqual({ errorCode: 'NAME_NOT_RESOLVED' })
  })
})

describe('pinnedLookup', () => {
  it('answers with what was checked, whichever way it is asked', () => {
    const lookup = pinnedLookup(['93.184.216.34', '2606:4700::1111'])
    const answers: unknown[] = []
    lookup('other.example', { all: true }, (...answer) => answers.push(answer))
    lookup('other.example', {}, (...answer) => answers.push(answer))
    expect(answers).toEqual([
      [
        null,
        [
          { address: '93.184.216.34', family: 4 },
          { address: '2606:4700::1111', family: 6 },
        ],
      ],
      [null, '93.184.216.34', 4],
    ])
  })
})
