import fc from 'fast-check'
import { isSignerError } from '../../../../src/errors.ts'
import { parsePkcs11Uri, showPkcs11Uri } from '../../../../src/signers/pkcs11/uri.ts'
import { codePoint } from '../../../support/code-points.ts'

const module = 'module-path=/usr/lib/hsm.so'
const rejection = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (thrown) {
    return thrown
  }
}

describe('parsePkcs11Uri', () => {
  it.each<[string, string, object]>([
    [
      'token and label',
      `pkcs11:token=flow;object=minter?${module}`,
      { token: { label: 'flow' }, key: { label: 'minter' } },
    ],
    [
      'serial and id',
      `pkcs11:serial=0a1b;id=%00%FFa?${module}`,
      { token: { serial: '0a1b' }, key: { id: '00ff61' } },
    ],
    ['no key', `pkcs11:token=flow?${module}`, { token: { label: 'flow' }, key: {} }],
    ['a scheme in capitals', `PKCS11:token=flow?${module}`, { token: { label: 'flow' } }],
    ['UTF-8', `pkcs11:token=%D0%BA%20%D1%8E?${module}`, { token: { label: 'к ю' } }],
    [
      'characters that may stand bare',
      `pkcs11:token=a:[]@!$'()*+,=&b?${module}`,
      { token: { label: "a:[]@!$'()*+,=&b" } },
    ],
    [
      'all names of a token',
      `pkcs11:model=m;manufacturer=n;token=t;serial=s;type=private?${module}`,
      { token: { model: 'm', manufacturer: 'n', label: 't', serial: 's' } },
    ],
    [
      'a file of the PIN',
      `pkcs11:token=t?${module}&pin-source=file:/etc/pin`,
      { pinFile: '/etc/pin' },
    ],
    [
      'a file of the PIN, long',
      `pkcs11:token=t?${module}&pin-source=file:///etc/a%2520pin`,
      { pinFile: '/etc/a pin' },
    ],
    [
      'a bare path of the PIN',
      `pkcs11:token=t?pin-source=/etc/pin&${module}`,
      { pinFile: '/etc/pin' },
    ],
    ['a PIN', `pkcs11:token=t?${module}&pin-value=a%26b`, { pinValue: 'a&b' }],
  ])('reads %s', (_, uri, expected) => {
    expect(parsePkcs11Uri(uri)).toMatchObject({ modulePath: '/usr/lib/hsm.so', ...expected })
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'not a text'],
    ['an empty text', '', 'start with pkcs11:'],
    ['another scheme', `pkcs12:token=a?${module}`, 'start with pkcs11:'],
    ['a line feed', `pkcs11:token=a?${module}\n`, 'name=value'],
    ['no token', `pkcs11:object=secret?${module}`, 'neither token nor serial'],
    ['no module', 'pkcs11:token=secret', 'no module-path'],
    ['a relative module', 'pkcs11:token=secret?module-path=hsm.so', 'not an absolute path'],
    ['an unknown attribute', `pkcs11:token=secret;objet=a?${module}`, 'unknown here'],
    ['a name of Object.prototype', `pkcs11:token=secret;constructor=a?${module}`, 'unknown here'],
    ['an unknown query', `pkcs11:token=secret?${module}&pin=1`, 'unknown here'],
    ['a vendor attribute', `pkcs11:token=secret;x-vendor=1?${module}`, 'unknown here'],
    ['an attribute twice', `pkcs11:token=secret;token=b?${module}`, 'token is given twice'],
    ['an empty attribute', `pkcs11:token=?${module}`, 'token is empty'],
    ['an empty part', `pkcs11:token=secret;?${module}`, 'name=value'],
    ['a part without value', `pkcs11:token?${module}`, 'name=value'],
    ['a broken escape', `pkcs11:token=a%2?${module}`, 'name=value'],
    ['a space', `pkcs11:token=a b?${module}`, 'name=value'],
    ['a slash in the path', `pkcs11:token=a/b?${module}`, 'name=value'],
    ['bytes that are not UTF-8', `pkcs11:token=%ff?${module}`, 'token is not UTF-8'],
    ['a control character', `pkcs11:token=a%00b?${module}`, 'control character'],
    ['a slot', `pkcs11:token=a;slot-id=1?${module}`, 'a slot has another number'],
    ['a module name', 'pkcs11:token=a?module-name=softhsm2', 'name the library by module-path'],
    ['a library', `pkcs11:token=a;library-version=2?${module}`, 'name the library by module-path'],
    ['a public key', `pkcs11:token=a;type=public?${module}`, 'type is not private'],
    ['a PIN twice', `pkcs11:token=a?${module}&pin-value=1&pin-source=/a`, 'both'],
    ['a program for the PIN', `pkcs11:token=a?${module}&pin-source=|/bin/pin`, 'is a program'],
    [
      'a PIN on another machine',
      `pkcs11:token=a?${module}&pin-source=file://host/a`,
      'this machine',
    ],
    ['a relative file of the PIN', `pkcs11:token=a?${module}&pin-source=pin`, 'this machine'],
    ['a PIN behind a URL', `pkcs11:token=a?${module}&pin-source=https://a/b`, 'this machine'],
    [
      'a slash within a file of the PIN',
      `pkcs11:token=a?${module}&pin-source=file:/a%252fb`,
      'machine',
    ],
    ['an endless URI', `pkcs11:token=${'a'.repeat(5_000)}?${module}`, 'longer than 4096'],
  ])('refuses %s', (_, uri, reason) => {
    // As JavaScript would call it.
    const thrown = rejection(() => parsePkcs11Uri(uri as string))
    expect(thrown).toMatchObject({ code: 'INVALID_OPTION', context: { option: 'uri' } })
    expect((thrown as Error).message).toContain(reason)
    expect((thrown as Error).message).not.toContain('secret')
  })

  it('is total, whatever it gets', () => {
    const uri = fc.oneof(
      fc.string({ unit: codePoint }),
      fc.string({ unit: 'grapheme' }).map((text) => `pkcs11:token=${text}?${module}`),
      fc.string({ unit: 'grapheme' }).map((text) => `pkcs11:token=a?${module}&pin-source=${text}`),
    )
    fc.assert(
      fc.property(uri, (text) => {
        const result = rejection(() => parsePkcs11Uri(text))
        return !(result instanceof Error) || isSignerError(result, 'INVALID_OPTION')
      }),
      { numRuns: 500 },
    )
  })
})

describe('showPkcs11Uri', () => {
  it('writes what is read as the same key, in printable characters, without module and PIN', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    const clean = text.filter((value) => !/\p{Cc}|\p{Cs}/u.test(value))
    const id = fc
      .uint8Array({ minLength: 1, maxLength: 20 })
      .map((b) => Buffer.from(b).toString('hex'))
    fc.assert(
      fc.property(clean, clean, clean, id, (token, serial, label, keyId) => {
        const name = { token: { label: token, serial }, key: { label, id: keyId } }
        const shown = showPkcs11Uri(name)
        expect(shown).toMatch(/^[\x21-\x7e]+$/)
        expect(parsePkcs11Uri(`${shown}?${module}&pin-value=8472`)).toMatchObject(name)
      }),
      { numRuns: 200 },
    )
  })
})
