import { inspect } from 'node:util'
import { createPkcs11Signer, createPkcs11Token } from '../../../../src/signers/pkcs11/index.ts'

const uri = 'pkcs11:token=flow;object=minter?module-path=/usr/lib/hsm.so'

describe('createPkcs11Signer', () => {
  it.each<[string, object, string]>([
    ['no options', undefined as never, 'options'],
    ['an unknown option', { uri, pins: () => '1' }, 'pins'],
    ['no URI', {}, 'uri'],
    ['a URI of no key', { uri: uri.replace(';object=minter', '') }, 'key'],
    ['a PIN that is no function', { uri, pin: '8472' }, 'pin'],
    ['a PIN twice', { uri: `${uri}&pin-source=/etc/pin`, pin: () => '1' }, 'pin'],
    ['no environment', { uri, env: 'PATH=/' }, 'env'],
    ['parameters that are no text', { uri, libraryParameters: 1 }, 'libraryParameters'],
    ['no time', { uri, callTimeoutMs: 0 }, 'callTimeoutMs'],
    ['half a session', { uri, sessions: 0.5 }, 'sessions'],
    ['endless sessions', { uri, sessions: Number.POSITIVE_INFINITY }, 'sessions'],
    ['no place to wait', { uri, queueLimit: 0 }, 'queueLimit'],
    ['a text as idle time', { uri, idleTimeoutMs: '1' }, 'idleTimeoutMs'],
  ])('refuses %s', (_, options, option) => {
    let thrown: unknown
    try {
      createPkcs11Signer(options as never)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'INVALID_OPTION', context: { option } })
    expect(inspect(thrown)).not.toContain('8472')
  })

  it('makes no call, and can be closed without any', async () => {
    const signer = createPkcs11Signer({ uri })
    expect(signer.id).toBe('pkcs11:token=flow;object=minter')
    expect(Object.isFrozen(signer)).toBe(true)
    await signer.close()
    const request = { message: new Uint8Array(1), hashAlgorithm: 'SHA3_256' } as const
    await expect(signer.sign(request)).rejects.toMatchObject({ code: 'PKCS11_CLOSED' })
  })
})

describe('a token', () => {
  it.each<[string, object]>([
    ['no name', {}],
    ['an empty label', { label: '' }],
    ['a label with a line feed', { label: 'a\nb' }],
    ['half a byte', { id: 'abc' }],
    ['an id in other digits', { id: 'xx' }],
    ['an unknown name', { label: 'a', object: 'b' }],
  ])('gives no signer for %s', (_, key) => {
    const token = createPkcs11Token({ uri })
    expect(() => token.signer(key)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it.each<[string, object]>([
    ['no label', { algorithm: 'ECDSA_P256' }],
    ['no curve', { label: 'a' }],
    ['a name of Object.prototype as curve', { label: 'a', algorithm: 'toString' }],
    ['an unknown property', { label: 'a', algorithm: 'ECDSA_P256', extractable: true }],
  ])('makes no key of %s', async (_, key) => {
    const making = createPkcs11Token({ uri }).createKey(key as never)
    await expect(making).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
