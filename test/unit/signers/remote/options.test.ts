import { inspect } from 'node:util'
import {
  createRemoteSigner,
  type RemoteSignerOptions,
} from '../../../../src/signers/remote/index.ts'
import { createCertificate } from '../../admin-server/webhooks/certificate.ts'
import { algorithms, hexOf, softKey } from '../../crypto/independent.ts'

const url = 'https://signer.example.com/'
const made = (options: unknown) => createRemoteSigner(options as RemoteSignerOptions)
const { cert, key: pem } = createCertificate(['client'])
const { key: otherPem } = createCertificate(['client'])
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret' }
const lambda = { functionName: 'signer' }

describe('createRemoteSigner', () => {
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['nothing', undefined, 'options'],
    ['null', null, 'options'],
    ['no way', { key: 'k' }, 'url'],
    ['two ways', { key: 'k', url, socketPath: '/s' }, 'url'],
    ['three ways', { key: 'k', url, socketPath: '/s', lambda }, 'url'],
    ['a misspelt option', { key: 'k', url, timeoutMs: 1 }, 'timeoutMs'],
    ['an option of another way', { key: 'k', socketPath: '/s', tls: {} }, 'tls'],
    ['credentials for a socket', { key: 'k', socketPath: '/s', credentials }, 'credentials'],
    ['credentials beside lambda', { key: 'k', lambda, credentials }, 'credentials'],
    ['no key', { url }, 'key'],
    ['an empty key', { key: '', url }, 'key'],
    ['a key with a space', { key: 'a b', url }, 'key'],
    ['a key with a line feed', { key: 'a\n', url }, 'key'],
    ['a key of 129 letters', { key: 'a'.repeat(129), url }, 'key'],
    ['a number as key', { key: 1, url }, 'key'],
    ['a number as url', { key: 'k', url: 1 }, 'url'],
    ['no scheme', { key: 'k', url: 'signer.example.com' }, 'url'],
    ['ftp', { key: 'k', url: 'ftp://signer.example.com' }, 'url'],
    ['a password in the url', { key: 'k', url: 'https://u:p@signer.example.com' }, 'url'],
    ['a query', { key: 'k', url: `${url}?token=1` }, 'url'],
    ['a fragment', { key: 'k', url: `${url}#1` }, 'url'],
    ['http to another host', { key: 'k', url: 'http://signer.example.com' }, 'url'],
    ['http to a name like ours', { key: 'k', url: 'http://127.0.0.1.example.com' }, 'url'],
    ['a text as allowHttp', { key: 'k', url, allowHttp: 'yes' }, 'allowHttp'],
    ['a relative socket', { key: 'k', socketPath: 'signer.sock' }, 'socketPath'],
    ['an abstract socket', { key: 'k', socketPath: '\0signer' }, 'socketPath'],
    ['a socket path of 104 bytes', { key: 'k', socketPath: `/${'s'.repeat(103)}` }, 'socketPath'],
    ['a number as socket', { key: 'k', socketPath: 3 }, 'socketPath'],
    ['31 bytes of public key', { key: 'k', url, publicKey: 'ab'.repeat(63) }, 'publicKey'],
    ['a public key with 04', { key: 'k', url, publicKey: `04${'ab'.repeat(64)}` }, 'publicKey'],
    ['a point on neither curve', { key: 'k', url, publicKey: 'ab'.repeat(64) }, 'publicKey'],
    ['bytes as public key', { key: 'k', url, publicKey: new Uint8Array(64) }, 'publicKey'],
    ['no sockets', { key: 'k', url, maxSockets: 0 }, 'maxSockets'],
    ['half a socket', { key: 'k', url, maxSockets: 1.5 }, 'maxSockets'],
    ['a limit of 0', { key: 'k', url, requestTimeoutMs: 0 }, 'requestTimeoutMs'],
    ['a limit as text', { key: 'k', url, totalTimeoutMs: '1' }, 'totalTimeoutMs'],
    ['17 approvals', { key: 'k', url, approvals: Array(17).fill('a') }, 'approvals'],
    ['an empty approval', { key: 'k', url, approvals: [''] }, 'approvals'],
    ['a text as approvals', { key: 'k', url, approvals: 'yes' }, 'approvals'],
    ['tls for http', { key: 'k', url: 'http://127.0.0.1', tls: {} }, 'tls'],
    ['null as tls', { key: 'k', url, tls: null }, 'tls'],
    [
      'a switch for verification',
      { key: 'k', url, tls: { rejectUnauthorized: false } },
      'rejectUnauthorized',
    ],
    ['a certificate alone', { key: 'k', url, tls: { cert } }, 'tls'],
    ['a key alone', { key: 'k', url, tls: { key: pem } }, 'tls'],
    ['a key of another', { key: 'k', url, tls: { cert, key: otherPem } }, 'tls'],
    ['no PEM', { key: 'k', url, tls: { cert: 'cert', key: 'key' } }, 'tls'],
    [
      'an authority that is none',
      { key: 'k', url, tls: { ca: '-----BEGIN CERTIFICATE-----\nAA' } },
      'tls',
    ],
    ['a number as servername', { key: 'k', url, tls: { servername: 1 } }, 'tls.servername'],
    ['credentials to an unknown host', { key: 'k', url, credentials }, 'sigv4'],
    ['a text as credentials', { key: 'k', url, credentials: 'AKIA' }, 'credentials'],
    ['null as credentials', { key: 'k', url, credentials: null }, 'credentials'],
    ['half a scope', { key: 'k', url, sigv4: { service: 'lambda' } }, 'sigv4.region'],
    [
      'another service',
      { key: 'k', url, sigv4: { service: 's3', region: 'us-east-1' } },
      'sigv4.service',
    ],
    [
      'a scope with more',
      { key: 'k', url, sigv4: { service: 'lambda', region: 'r', body: 1 } },
      'body',
    ],
    [
      'a region with a slash',
      { key: 'k', url, sigv4: { service: 'lambda', region: 'a/b' } },
      'sigv4.region',
    ],
    ['a text as lambda', { key: 'k', lambda: 'signer' }, 'lambda'],
    ['no function', { key: 'k', lambda: {} }, 'lambda.functionName'],
    [
      'a function with a slash',
      { key: 'k', lambda: { functionName: 'a/b' } },
      'lambda.functionName',
    ],
    ['an empty qualifier', { key: 'k', lambda: { ...lambda, qualifier: '' } }, 'lambda.qualifier'],
    ['a text as client', { key: 'k', lambda: { ...lambda, client: 'c' } }, 'lambda.client'],
    ['a misspelt option of lambda', { key: 'k', lambda: { ...lambda, alias: 'x' } }, 'alias'],
  ]
  it.each(refused)('refuses %s, and names the option', (_, options, option) => {
    expect(() => made(options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })

  it('shows no secret when it refuses', () => {
    for (const [, options] of refused) {
      const shown = inspect(
        (() => {
          try {
            return made(options)
          } catch (thrown) {
            return thrown
          }
        })(),
        { depth: 10, showHidden: true },
      )
      expect(shown).not.toContain('a-secret')
      expect(shown).not.toContain(otherPem.split('\n')[1])
    }
  })

  it.each([
    [{ url: 'https://signer.example.com:8443/live/sign' }, 'remote:k@signer.example.com:8443'],
    [{ url: 'http://[::1]:4000' }, 'remote:k@[::1]:4000'],
    [{ url: 'http://signer.internal', allowHttp: true }, 'remote:k@signer.internal'],
    [{ socketPath: '/run/flow signer.sock' }, 'remote:k@unix:/run/flow%20signer.sock'],
    [{ lambda: { functionName: 'signer', qualifier: 'live' } }, 'remote:k@lambda:signer:live'],
    [
      { lambda: { functionName: 'arn:aws:lambda:us-east-1:111122223333:function:signer' } },
      'remote:k@lambda:arn:aws:lambda:us-east-1:111122223333:function:signer',
    ],
    [
      { url: 'https://abc.lambda-url.eu-central-1.on.aws/' },
      'remote:k@abc.lambda-url.eu-central-1.on.aws',
    ],
  ])('of %j has an id without path and secret, is frozen, and calls nobody', (way, id) => {
    const signer = made({ ...way, key: 'k' })
    expect(signer.id).toBe(id)
    expect(signer.quota?.()).toBe(id.replace('remote:k@', 'remote '))
    expect(Object.isFrozen(signer)).toBe(true)
  })

  it.each(algorithms)('tells the pinned key of %s without a call', async (algorithm) => {
    const { publicKey } = softKey(algorithm)
    const options = { url: 'https://nobody.invalid', key: 'k', publicKey: hexOf(publicKey) }
    const told = await createRemoteSigner(options).publicKey()
    expect(told).toEqual({ bytes: publicKey, algorithm })
  })
})
