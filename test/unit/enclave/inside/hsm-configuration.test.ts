import { readFileSync } from 'node:fs'
import { parseConfiguration } from '../../../../examples/enclave/inside/configuration.ts'
import { readEnclaveConfiguration } from '../../../support/enclave-inside.ts'

const example = readFileSync(
  new URL('../../../../examples/enclave/configuration/enclave.json', import.meta.url),
  'utf8',
)
const uri = 'pkcs11:token=flow;object=minter?module-path=/usr/lib/softhsm/libsofthsm2.so'
const pkcs11 = { uri, sealedPin: 'c2VhbGVk' }

type Json = Record<string, unknown>
const key = (more: Json): Json => ({
  ...{ algorithm: 'ECDSA_secp256k1', accounts: ['0xf8d6e0586b0a20c7'], payload: true },
  ...more,
})
const withKeys = (keys: Json): string => JSON.stringify({ ...JSON.parse(example), keys })
const withPkcs11 = (changes: Json): string =>
  withKeys({ minter: key({ pkcs11: { ...pkcs11, ...changes } }) })

function reasonOf(text: string): string {
  try {
    parseConfiguration(text)
    return 'taken'
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'ENCLAVE_CONFIGURATION_INVALID' })
    return String(Object(thrown).context.reason)
  }
}

describe('a key on an HSM, in the configuration of an enclave', () => {
  it('is read, alike by what builds an image', async () => {
    const text = withPkcs11({ env: { SOFTHSM2_CONF: '/etc/softhsm2.conf' } })
    const { keys } = parseConfiguration(text)
    expect(keys['minter']).toMatchObject({
      pkcs11: {
        ...{ uri, modulePath: '/usr/lib/softhsm/libsofthsm2.so', token: 'flow' },
        key: { label: 'minter' },
        sealedPin: new Uint8Array(Buffer.from('sealed')),
        env: { SOFTHSM2_CONF: '/etc/softhsm2.conf' },
      },
    })
    expect(await readEnclaveConfiguration(text)).toEqual(parseConfiguration(text))
  })

  it('may lie beside sealed keys, and beside others of its token', () => {
    const other = { ...pkcs11, uri: uri.replace('object=minter', 'id=%0a') }
    const all = { a: key({ pkcs11 }), b: key({ pkcs11: other }), c: key({ wallet: 'c' }) }
    expect(reasonOf(withKeys(all))).toBe('taken')
  })

  it.each<[string, string, RegExp]>([
    ['a wallet, too', withKeys({ a: key({ wallet: 'a', pkcs11 }) }), /one of wallet and pkcs11/],
    ['neither', withKeys({ a: key({}) }), /one of wallet and pkcs11/],
    ['an unknown field', withPkcs11({ pin: '1234' }), /pin is unknown/],
    ['no PIN', withPkcs11({ sealedPin: undefined }), /sealedPin: it is missing/],
    ['an empty PIN', withPkcs11({ sealedPin: '' }), /sealedPin/],
    [
      'a PIN that is not base64',
      withPkcs11({ sealedPin: '1234567' }),
      /sealedPin: it is not base64/,
    ],
    ['a PIN longer than KMS takes', withPkcs11({ sealedPin: 'AAAA'.repeat(2_049) }), /sealedPin/],
    ['a PIN in clear', withPkcs11({ uri: `${uri}&pin-value=1234` }), /uri: a PIN in the image/],
    ['a file of a PIN', withPkcs11({ uri: `${uri}&pin-source=/pin` }), /uri: a PIN in the image/],
    ['no URI', withPkcs11({ uri: undefined }), /uri: it is missing/],
    [
      'a URI of something else',
      withPkcs11({ uri: uri.replace('object', 'objekt') }),
      /uri: an attr/,
    ],
    ['no module', withPkcs11({ uri: 'pkcs11:token=flow;object=minter' }), /no module-path/],
    ['a serial alone', withPkcs11({ uri: uri.replace('token=', 'serial=') }), /names no token/],
    ['no name of a key', withPkcs11({ uri: uri.replace(';object=minter', '') }), /names no key/],
    ['settings that are none', withPkcs11({ env: ['A'] }), /env: it is missing, or not an object/],
    ['a setting that is no text', withPkcs11({ env: { A: 1 } }), /env.A/],
    ['a library to be loaded first', withPkcs11({ env: { LD_PRELOAD: '/x.so' } }), /LD_PRELOAD/],
    ['options of Node.js', withPkcs11({ env: { NODE_OPTIONS: '--import=/x' } }), /NODE_OPTIONS/],
    [
      'another PIN for the same token',
      withKeys({ a: key({ pkcs11 }), b: key({ pkcs11: { ...pkcs11, sealedPin: 'AAAA' } }) }),
      /those of pkcs11:token=flow differ in sealedPin or env/,
    ],
    [
      'other settings for the same token',
      withKeys({ a: key({ pkcs11 }), b: key({ pkcs11: { ...pkcs11, env: { A: 'b' } } }) }),
      /differ/,
    ],
  ])('is refused with %s', (_, text, reason) => {
    const found = reasonOf(text)
    expect(found).toMatch(reason)
    expect(found).not.toMatch(/1234/)
  })
})
