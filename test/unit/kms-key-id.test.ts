import { inspect } from 'node:util'
import { parseKmsKeyId } from '../../src/kms-key-id.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'

const uuid = '1234abcd-12ab-34cd-56ef-1234567890ab'
const mrk = 'mrk-1234abcd12ab34cd56ef1234567890ab'
const arn = (partition: string, region: string, resource: string) =>
  `arn:${partition}:kms:${region}:111122223333:${resource}`

const accepted: readonly (readonly [string, { region?: string; keyArn?: string }])[] = [
  [uuid, {}],
  [mrk, {}],
  ['alias/flow-minter', {}],
  ['alias/team/flow_minter-1', {}],
  ...[
    ['aws', 'us-east-1'],
    ['aws-cn', 'cn-north-1'],
    ['aws-us-gov', 'us-gov-west-1'],
    ['aws-iso-b', 'us-isob-east-1'],
  ].flatMap(([partition = '', region = '']) => {
    const key = arn(partition, region, `key/${uuid}`)
    const multi = arn(partition, region, `key/${mrk}`)
    return [
      [key, { region, keyArn: key }],
      [multi, { region, keyArn: multi }],
      [arn(partition, region, 'alias/flow-minter'), { region }],
    ] as const
  }),
]

const privateKey = 'c0ffee11'.repeat(8)
const refused: readonly (readonly [string, unknown])[] = [
  ['an empty text', ''],
  ['a private key', privateKey],
  ['a private key with 0x', `0x${privateKey}`],
  ['a public key', privateKey + privateKey],
  ['a bare name', 'flow-minter'],
  ['alias/ alone', 'alias/'],
  ['an alias with a space', 'alias/flow minter'],
  ['an alias with a colon', 'alias/a:b'],
  ['an alias of 251 characters', `alias/${'a'.repeat(251)}`],
  ['an upper-case key id', uuid.toUpperCase()],
  ['a key id with a space', ` ${uuid}`],
  ['a key id with a line feed', `${uuid}\n`],
  ['a key id with a null byte', `${uuid}\0`],
  ['an alias with a line feed', 'alias/minter\n'],
  ['an ARN with a line feed', `${arn('aws', 'us-east-1', `key/${uuid}`)}\n`],
  ['an ARN with a control character', arn('aws', 'us-east-1', `key/${uuid}\u0007`)],
  ['a short key id', uuid.slice(1)],
  ['key/ and a key id', `key/${uuid}`],
  ['a short multi-Region id', mrk.slice(0, -1)],
  ['an ARN of S3', 'arn:aws:s3:::bucket/key'],
  ['an ARN of Secrets Manager', 'arn:aws:secretsmanager:us-east-1:111122223333:secret:flow'],
  ['an ARN of an IAM role', 'arn:aws:iam::111122223333:role/minter'],
  ['an ARN of another cloud', arn('gcp', 'us-east-1', `key/${uuid}`)],
  ['an ARN without a resource', 'arn:aws:kms:us-east-1:111122223333:'],
  ['an ARN without a slash (flow-go-sdk panics)', arn('aws', 'us-east-1', uuid)],
  ['an ARN without a Region', arn('aws', '', `key/${uuid}`)],
  ['an ARN with a short account', `arn:aws:kms:us-east-1:1234:key/${uuid}`],
  ['an ARN of a grant', arn('aws', 'us-east-1', 'grant/abc')],
  ['an ARN with a path behind', arn('aws', 'us-east-1', `key/${uuid}/more`)],
  ['an ARN of any key', arn('aws', 'us-east-1', 'key/*')],
  ['10,000 characters', 'a'.repeat(10_000)],
  ['a PEM key', '-----BEGIN EC PRIVATE KEY-----'],
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['an array', [uuid]],
]

describe('the name of a KMS key', () => {
  it.each(accepted)('%s is one', (keyId, rest) => {
    expect(parseKmsKeyId(keyId)).toEqual({ keyId, ...rest })
  })

  it.each(refused)('%s is none, and is not shown', (_, keyId) => {
    let error: unknown
    try {
      // As JavaScript would call it, past the types.
      createAwsKmsSigner({ client: {}, keyId: keyId as string })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'INVALID_KEY_ID', disposition: 'fail' })
    const shown = inspect(error, { depth: 10 })
    expect(shown).not.toContain('c0ffee')
    expect(shown.length).toBeLessThan(3_000)
  })
})
