import { readFileSync } from 'node:fs'
import { parseConfiguration } from '../../../../examples/enclave/inside/configuration.ts'
import { makeCertificate } from '../../../../examples/enclave/local/nitro/certificates.ts'
import { readEnclaveConfiguration } from '../../../support/enclave-inside.ts'

const example = readFileSync(
  new URL('../../../../examples/enclave/configuration/enclave.json', import.meta.url),
  'utf8',
)
type Json = Record<string, unknown>
/** The example with some of its fields changed, by path. `undefined` takes one out. */
function changed(changes: Readonly<Record<string, unknown>>): string {
  const whole: Json = JSON.parse(example)
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split('/')
    const last = names.pop() ?? ''
    const place = names.reduce((at, name) => at[name] as Json, whole)
    if (value === undefined) delete place[last]
    else place[last] = value
  }
  return JSON.stringify(whole)
}
function reasonOf(text: string): string {
  try {
    parseConfiguration(text)
    return 'taken'
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'ENCLAVE_CONFIGURATION_INVALID' })
    return String(Object(thrown).context.reason)
  }
}
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const { certificate } = makeCertificate({ name: 'ca', from: 0, to: Date.now() + 60_000 })
const ca = `-----BEGIN CERTIFICATE-----
${Buffer.from(certificate).toString('base64')}
-----END CERTIFICATE-----
`

describe('the configuration of an enclave', () => {
  it('is read as the example has it', () => {
    expect(parseConfiguration(example)).toMatchObject({
      name: 'mint-signer',
      vsock: { parentCid: 3, tcp: {} },
      keys: { minter: { wallet: 'minter', userMessages: false, accountProofs: [] } },
    })
  })

  it.each([
    ['a FIPS host', { 'kms/host': 'kms-fips.eu-central-1.amazonaws.com' }],
    ['an endpoint in a VPC', { 'kms/host': 'vpce-0a1b-c2.kms.eu-central-1.vpce.amazonaws.com' }],
    ['any host with a CA of its own', { 'kms/host': 'kms.test', 'kms/ca': ca }],
    ['a public key', { 'keys/minter/publicKey': 'ab'.repeat(64) }],
    ['ports of a module', { 'vsock/tcp': { '127.0.0.1:2223': 8002 } }],
    ['no cache', { dataKeyCache: undefined }],
    [
      'keys without transactions, and no policy',
      {
        'keys/minter': { wallet: 'm', algorithm: 'ECDSA_P256', userMessages: true },
        policy: undefined,
      },
    ],
  ])('may have %s', (_, changes) => {
    expect(reasonOf(changed(changes))).toBe('taken')
  })

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ['an unknown field', { more: 1 }, /more is unknown/],
    ['no name', { name: undefined }, /^name/],
    ['a name that is no word', { name: 'Mint Signer' }, /^name/],
    ['no vsock', { vsock: undefined }, /^vsock/],
    ['a CID that is this machine', { 'vsock/parentCid': 1 }, /parentCid/],
    ['a port that is taken', { 'vsock/tcp': { '127.0.0.1:2223': 8001 } }, /8001 is taken/],
    ['a listener for all', { 'vsock/tcp': { '0.0.0.0:2223': 8002 } }, /vsock.tcp/],
    [
      'an alias',
      { 'kms/keyId': ARN.replace(/key\/.*/, 'alias/mint-signer') },
      /not the ARN of a KMS key/,
    ],
    ['a key id', { 'kms/keyId': '1234abcd-12ab-34cd-56ef-1234567890ab' }, /not the ARN/],
    ['an ARN of S3', { 'kms/keyId': 'arn:aws:s3:::a-bucket-of-somebody' }, /not the ARN/],
    [
      'a key of another Region',
      { 'kms/keyId': ARN.replace('central', 'west') },
      /a key of eu-west-1/,
    ],
    [
      'a host of another Region',
      { 'kms/host': 'kms.eu-west-1.amazonaws.com' },
      /not a host of KMS/,
    ],
    ['a host of another service', { 'kms/host': 's3.eu-central-1.amazonaws.com' }, /not a host/],
    [
      'a host that only ends well',
      { 'kms/host': 'evil-kms.eu-central-1.amazonaws.com' },
      /not a host/,
    ],
    ['a host of China', { 'kms/host': 'kms.eu-central-1.amazonaws.com.cn' }, /not a host/],
    ['a CA that is none', { 'kms/ca': '-----BEGIN CERTIFICATE-----\nAAAA\n' }, /kms.ca/],
    ['a CA without text', { 'kms/ca': '' }, /kms.ca/],
    ['no keys', { keys: {} }, /1 to 100 keys/],
    [
      'a key that may nothing',
      { 'keys/minter/payload': false, 'keys/minter/envelope': false },
      /may sign nothing/,
    ],
    ['a key without accounts', { 'keys/minter/accounts': [] }, /accounts/],
    [
      'an account of another chain',
      { 'keys/minter/accounts': ['0x1d7e57aa55817448'] },
      /flow-emulator/,
    ],
    [
      'an account that the policy has not',
      { 'policy/accounts': ['0x01cf0e2f2f715450'] },
      /among those of the policy/,
    ],
    ['a right that is a text', { 'keys/minter/payload': 'yes' }, /neither true nor false/],
    ['an unknown right', { 'keys/minter/anything': true }, /anything is unknown/],
    ['an unknown curve', { 'keys/minter/algorithm': 'ECDSA_P384' }, /algorithm/],
    ['half a public key', { 'keys/minter/publicKey': 'ab'.repeat(32) }, /publicKey/],
    ['a wallet that no store takes', { 'keys/minter/wallet': 'a/b' }, /wallet/],
    [
      'two keys of one wallet',
      {
        'keys/other': { wallet: 'minter', algorithm: 'ECDSA_P256', userMessages: true },
      },
      /one wallet/,
    ],
    [
      'a key of no name',
      { 'keys/': { wallet: 'o', algorithm: 'ECDSA_P256', userMessages: true } },
      /name/,
    ],
    ['no policy', { policy: undefined }, /policy: it is missing/],
    ['a policy that is none', { policy: 'all' }, /^policy/],
    ['a policy without scripts', { 'policy/scripts': [] }, /^policy: scripts/],
    ['a policy of no chain', { 'policy/chainId': 'flow' }, /^policy: chainId/],
    ['a cache without bounds', { dataKeyCache: {} }, /dataKeyCache/],
  ])('is refused with %s', (_, changes, reason) => {
    expect(reasonOf(changed(changes))).toMatch(reason)
  })

  it.each([
    ['nothing', '', /not JSON/],
    ['a list', '[]', /not an object/],
    ['half of itself', example.slice(0, 200), /not JSON/],
    ['a field twice', example.replace('"name"', '"name": "other", "name"'), /a key twice/],
    ['more than 256 KiB', `${example}${' '.repeat(262_144)}`, /more than 262144 bytes/],
  ])('is refused as %s', (_, text, reason) => {
    expect(reasonOf(text)).toMatch(reason)
  })

  it('is read alike by what builds an image', async () => {
    expect(await readEnclaveConfiguration(example)).toEqual(parseConfiguration(example))
    await expect(readEnclaveConfiguration(changed({ keys: {} }))).rejects.toMatchObject({
      code: 'ENCLAVE_CONFIGURATION_INVALID',
    })
  })
})
