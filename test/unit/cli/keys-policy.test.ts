import { Readable } from 'node:stream'
import { run } from '../../../src/cli/run.ts'
import { keyPolicy, signingPolicy } from '../../../src/provisioning/index.ts'

const KEY = 'arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const roles = {
  signerRoleArn: 'arn:aws-cn:iam::111122223333:role/flow-minter',
  adminRoleArn: 'arn:aws-cn:iam::111122223333:role/key-admin',
}

const printed = async (...args: readonly string[]) => {
  const { signal } = new AbortController()
  const world = { env: {}, signal, note: () => undefined, stdin: Readable.from([]) }
  const outcome = await run(['keys', 'policy', '--key', KEY, ...args], world)
  expect(outcome).toMatchObject({ stderr: '', exitCode: 0 })
  return outcome.stdout
}

describe('fcl-kms keys policy', () => {
  it('prints the IAM policy of the signing role, and nothing else', async () => {
    const policy = signingPolicy({ keyArns: [KEY] })
    expect(await printed()).toBe(`${JSON.stringify(policy, null, 2)}\n`)
  })

  it('prints it for several keys, and with DescribeKey', async () => {
    const other = KEY.replace(/.$/, '0')
    expect(JSON.parse(await printed('--key', other, '--describe'))).toEqual(
      signingPolicy({ keyArns: [KEY, other], describe: true }),
    )
  })

  it('prints the key policy for the account and the partition of the key', async () => {
    const text = await printed('--role', roles.signerRoleArn, '--admin', roles.adminRoleArn)
    const place = { accountId: '111122223333', partition: 'aws-cn' }
    expect(JSON.parse(text)).toEqual(keyPolicy({ ...place, ...roles }))
  })

  it('prints the same with --json', async () => {
    expect(await printed('--json')).toBe(await printed())
  })
})
