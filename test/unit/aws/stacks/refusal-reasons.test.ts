/** What a person reads who gave a stack something else than it takes: which option, and why. */
import { stacks } from '../../../../src/aws/index.ts'
import { KEY, role, variants } from '../../../support/stack-variants.ts'

const OTHER = '444455556666'
const elsewhere = (arn: string) => arn.replace('eu-central-1', 'eu-west-1')
const ofOther = (arn: string) => arn.replace('111122223333', OTHER)
const MULTI = KEY.replace(/key\/.*/, `key/mrk-${'1'.repeat(32)}`)
const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:database-AbCdEf'
const signing = { roleName: 'a', service: 'lambda' }
const url = { kind: 'function-url' }
const api = { kind: 'rest-api', requestsPerSecond: 100, burst: 50 }
const task = { image: 'admin-server:1', publicUrl: 'https://mint.example.com' }

type Row = readonly [what: string, variant: string, change: object, option: string, reason: RegExp]
const rows: readonly Row[] = [
  ['a name in capitals', 'keys', { environment: 'Production' }, 'environment', /lower-case/],
  ['a user', 'keys', { adminRoleArn: 'arn:aws:iam::1:user/a' }, 'adminRoleArn', /role\/<name>/],
  ['every role', 'keys', { adminRoleArn: role('*') }, 'adminRoleArn', /without wildcards/],
  [
    'the administrator',
    'keys',
    { signer: { roleArn: role('key-admin') } },
    'adminRoleArn',
    /signs/,
  ],
  [
    'a role of none',
    'keys',
    { signer: { ...signing, roleName: 'a b' } },
    'signer.roleName',
    /role/,
  ],
  [
    'a service',
    'keys',
    { signer: { ...signing, service: 's3' } },
    'signer.service',
    /none of lambda/,
  ],
  ['both', 'keys', { signer: { ...signing, roleArn: role('a') } }, 'roleName', /known are roleArn/],
  ['no key', 'keys', { keys: [] }, 'keys', /1 to 100 keys/],
  ['101 keys', 'keys', { keys: Array(101).fill({ name: 'a' }) }, 'keys', /1 to 100 keys/],
  ['a hyphen', 'keys', { keys: [{ name: 'a-b' }] }, 'keys.name', /letters and digits/],
  ['one twice', 'keys', { keys: [{ name: 'ab' }, { name: 'Ab' }] }, 'keys.name', /given twice/],
  ['RSA', 'keys', { keys: [{ name: 'a', keySpec: 'RSA_2048' }] }, 'keys.keySpec', /ECC_NIST_P256/],
  ['a way apart', 'keys', { apartBy: 'name' }, 'apartBy', /neither account nor tag/],
  ['no Region', 'keys', { replicaRegions: ['europe'] }, 'replicaRegions', /names of Regions/],
  [
    'a replica of a key of one Region',
    'replicas',
    { keys: [{ name: 'a', primaryKeyArn: KEY }] },
    'keys.primaryKeyArn',
    /not a multi-Region key/,
  ],
  [
    'a replica of another account',
    'replicas',
    { keys: [{ name: 'a', primaryKeyArn: ofOther(MULTI) }] },
    'keys.primaryKeyArn',
    /of the account 444455556666, not of 111122223333/,
  ],
  [
    'replicas beside keys',
    'replicas',
    { keys: [{ name: 'a', primaryKeyArn: MULTI }, { name: 'b' }] },
    'keys.primaryKeyArn',
    /make two stacks/,
  ],
  ['replicas and a new role', 'replicas', { signer: signing }, 'keys', /a role that exists/],

  ['an alias', 'signer by API', { keyArn: 'alias/minter' }, 'keyArn', /not a key ARN/],
  ['another account', 'signer by API', { roleArn: ofOther(role('a')) }, 'roleArn', /444455556666/],
  ['a long name', 'signer by API', { name: 'a'.repeat(61) }, 'name', /1 to 60/],
  ['no bucket', 'signer by API', { code: { bucket: 'A', key: 'a' } }, 'code.bucket', /a bucket/],
  ['no object', 'signer by API', { code: { bucket: 'abc', key: '' } }, 'code.key', /an object/],
  [
    'no version',
    'signer by API',
    { code: { bucket: 'abc', key: 'a', version: '' } },
    'code.version',
    /the version/,
  ],
  [
    'a long document',
    'signer with all',
    { document: { text: 'a'.repeat(3_000) } },
    'document',
    /pack it into the archive/,
  ],
  ['nobody', 'signer by API', { callerRoleArns: [] }, 'callerRoleArns', /at least one role/],
  [
    'one caller twice',
    'signer by API',
    { callerRoleArns: [role('a'), role('a')] },
    'callerRoleArns',
    /given twice/,
  ],
  ['no door', 'signer by API', { door: { kind: 'open' } }, 'door.kind', /none of invoke/],
  [
    'a throttled URL',
    'signer by URL',
    { door: { ...api, ...url } },
    'requestsPerSecond',
    /unknown/,
  ],
  [
    'no throttle',
    'signer by API',
    { door: { ...api, requestsPerSecond: 0 } },
    'door.requestsPerSecond',
    /1 to 10000/,
  ],
  ['no burst', 'signer by API', { door: { ...api, burst: 5_001 } }, 'door.burst', /1 to 5000/],
  ['a path of two', 'signer by API', { door: { ...api, path: 'a/b' } }, 'door.path', /one part/],
  [
    'an endpoint',
    'signer by API',
    { door: { ...api, vpcEndpointIds: ['vpc-0123456789abcdef0'] } },
    'door.vpcEndpointIds',
    /endpoints/,
  ],
  ['101 days', 'signer by API', { logRetentionDays: 101 }, 'logRetentionDays', /1, 3, 5, 7/],
  ['little memory', 'signer by API', { memoryMb: 64 }, 'memoryMb', /128 to 10240/],
  ['an hour', 'signer by API', { timeoutSeconds: 3_600 }, 'timeoutSeconds', /1 to 900/],

  ['the administrator', 'sealed keys', { roleName: 'key-admin' }, 'roleName', /administers/],
  ['a service', 'sealed keys', { service: 'batch' }, 'service', /none of lambda/],

  ['no image', 'enclave', { images: [] }, 'images', /1 to 5 images/],
  ['six images', 'enclave', { images: Array(6).fill({ pcr0: 'a' }) }, 'images', /1 to 5 images/],
  ['debug mode', 'enclave', { images: [{ pcr0: '0'.repeat(96) }] }, 'images.pcr0', /debug mode/],
  ['a short PCR', 'enclave', { images: [{ pcr0: 'ab' }] }, 'images.pcr0', /96 hexadecimal/],
  [
    'an image in either case',
    'enclave',
    { images: [{ pcr0: 'ab'.repeat(48) }, { pcr0: 'AB'.repeat(48) }] },
    'images',
    /given twice/,
  ],
  ['zeros of a role', 'enclave', { pcr3: '0'.repeat(96) }, 'pcr3', /debug mode/],
  ['zeros of a signer', 'enclave', { pcr8: '0'.repeat(96) }, 'pcr8', /debug mode/],
  [
    'one person',
    'enclave',
    { proposerRoleArn: role('key-admin') },
    'proposerRoleArn',
    /administers/,
  ],
  ['the parent as both', 'enclave', { roleName: 'key-admin' }, 'roleName', /administers/],
  ['the parent as who proposes', 'enclave', { roleName: 'Release' }, 'roleName', /proposes/],
  [
    'a role of another account',
    'enclave',
    { proposerRoleArn: role('release', OTHER) },
    'proposerRoleArn',
    /444455556666/,
  ],
  ['a place of records', 'enclave', { records: 'disk' }, 'records', /neither bucket nor secrets/],
  ['an odd processor', 'enclave', { cpuCount: 3 }, 'cpuCount', /odd/],
  ['no caller', 'enclave', { callers: [] }, 'callers', /1 to 20 callers/],
  ['a /25 to be halved', 'enclave', { network: { cidr: '10.0.0.0/25' } }, 'network.cidr', /a \/24/],
  [
    'subnets of no VPC',
    'enclave',
    { network: { cidr: '10.0.0.0/24', subnetIds: ['subnet-0123456789abcdef0'] } },
    'network.vpcId',
    /the id of a VPC/,
  ],
  [
    'a topic of another account',
    'enclave',
    { alarmTopicArn: `arn:aws:sns:eu-central-1:${OTHER}:alarms` },
    'alarmTopicArn',
    /444455556666/,
  ],

  [
    'two Regions',
    'admin server',
    { keyArns: [KEY, elsewhere(KEY)] },
    'keyArns',
    /a stack for each/,
  ],
  ['two accounts', 'admin server', { keyArns: [KEY, ofOther(KEY)] }, 'keyArns', /444455556666/],
  ['a key twice', 'admin server', { keyArns: [KEY, KEY] }, 'keyArns', /given twice/],
  ['a long name', 'admin server', { roleName: 'a'.repeat(55) }, 'roleName', /54 characters/],
  ['a Lambda', 'admin server', { service: 'lambda' }, 'service', /neither ecs-tasks nor ec2/],
  ['no database', 'admin server', { secrets: {} }, 'secrets.DATABASE_URL', /missing/],
  [
    'a secret by a part of its ARN',
    'admin server',
    { secrets: { DATABASE_URL: SECRET.replace('-AbCdEf', '') } },
    'secrets.DATABASE_URL',
    /the whole ARN/,
  ],
  [
    'a secret of another account',
    'admin server',
    { secrets: { DATABASE_URL: SECRET, WEBHOOK_SECRET: ofOther(SECRET) } },
    'secrets.WEBHOOK_SECRET',
    /444455556666/,
  ],
  [
    'a secret of another Region',
    'admin server',
    { secrets: { DATABASE_URL: elsewhere(SECRET) } },
    'secrets.DATABASE_URL',
    /of the Region eu-west-1/,
  ],
  ['a VPC by name', 'admin server', { vpcId: 'main' }, 'vpcId', /the id of a VPC/],
  ['no subnet', 'admin server', { subnetIds: [] }, 'subnetIds', /at least one/],
  ['a subnet', 'admin server', { routeTableIds: ['subnet-01234567'] }, 'routeTableIds', /route/],
  [
    'everybody',
    'admin server',
    { balancerSecurityGroupId: '0.0.0.0/0' },
    'balancerSecurityGroupId',
    /the id of a security group/,
  ],
  ['all addresses', 'admin server', { database: { cidr: '0.0.0.0/0' } }, 'database.cidr', /IPv4/],
  ['no address', 'admin server', { database: { cidr: '10.0.256.0/24' } }, 'database.cidr', /IPv4/],
  [
    'a group',
    'admin server',
    { database: { securityGroupId: 'a' } },
    'database.securityGroupId',
    /id/,
  ],
  [
    'a port',
    'admin server',
    { database: { cidr: '10.0.0.0/8', port: 0 } },
    'database.port',
    /65535/,
  ],
  ['no day', 'admin server', { auditDays: 0 }, 'auditDays', /1 to 36500/],
  ['a task on EC2', 'admin server on EC2', { task }, 'task', /the service ecs-tasks/],
  ['a space', 'admin server', { task: { ...task, image: 'a b' } }, 'task.image', /an image/],
  [
    'a URL without TLS',
    'admin server',
    { task: { ...task, publicUrl: 'http://mint.example.com' } },
    'task.publicUrl',
    /https/,
  ],

  ['two Regions', 'watch', { keyArns: [KEY, elsewhere(KEY)] }, 'keyArns', /a stack for each/],
  ['nobody', 'watch', { signerRoleArns: [] }, 'signerRoleArns', /at least one role/],
  [
    'another account',
    'watch',
    { adminRoleArn: ofOther(role('a')) },
    'adminRoleArn',
    /444455556666/,
  ],
  [
    'no signature',
    'watch',
    { expectedSignsPerFiveMinutes: 0 },
    'expectedSignsPerFiveMinutes',
    /1 to 10000000/,
  ],
  [
    'half a refusal',
    'watch',
    { expectedRefusalsPerFiveMinutes: 0.5 },
    'expectedRefusalsPerFiveMinutes',
    /a whole number/,
  ],
  ['an ARN', 'watch', { functionName: 'arn:aws:lambda' }, 'functionName', /the name of a function/],
  [
    'two trails',
    'watch with all',
    { trailLogGroupName: 'trail-of-ours' },
    'trailLogGroupName',
    /its own with `trail`/,
  ],
  ['a log', 'watch', { trailLogGroupName: 'a b' }, 'trailLogGroupName', /a log group/],
  [
    'a log',
    'watch',
    { reconciliationLogGroupName: 'a b' },
    'reconciliationLogGroupName',
    /log group/,
  ],
  ['a name', 'watch', { emails: ['somebody'] }, 'emails', /addresses of e-mail/],
]

describe('a stack refuses', () => {
  it.each(rows)('%s in %s', (_, name, change, option, reason) => {
    const [, stack, options] = variants.find(([each]) => each === name) ?? []
    if (stack === undefined) throw new Error(`there is no variant ${name}`)
    expect(() => stacks[stack].build({ ...options, ...change })).toThrow(
      expect.objectContaining({
        name: 'SignerError',
        code: 'INVALID_OPTION',
        context: { option, reason: expect.stringMatching(reason) },
      }),
    )
  })

  it.each([undefined, null, 'keys', [], 7])('%j as the options of any stack', (options) => {
    for (const { build } of Object.values(stacks))
      expect(() => build(options)).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          context: { option: 'options', reason: 'it is not an object' },
        }),
      )
  })

  it('what is no name of a key at all', () => {
    const [, , options] = variants.find(([name]) => name === 'signer by API') ?? []
    expect(() => stacks['remote-signer'].build({ ...options, keyArn: 'minter' })).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY_ID' }),
    )
  })
})
