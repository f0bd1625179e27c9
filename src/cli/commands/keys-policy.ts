/** `fcl-kms keys policy`. @module */

import { keyPolicy, type PolicyDocument, signingPolicy } from '../../provisioning/index.ts'
import type { Command, Values } from '../command.ts'
import { json } from '../text.ts'
import { usage } from '../values.ts'

export const keysPolicy: Command = {
  name: 'keys policy',
  summary: 'Print the IAM policy of a role that signs, or with --role and --admin the key policy',
  flags: {
    key: { value: 'ARN', multiple: true, help: 'Key ARN; no alias: in a policy it names no key' },
    role: { value: 'ARN', help: 'The role that signs: print the policy of the key instead' },
    admin: { value: 'ARN', help: 'The role that administers the key and never signs' },
    describe: { help: 'Also allow kms:DescribeKey, which doctor uses' },
  },
  examples: [
    '--key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    '--key <ARN> --role arn:aws:iam::111122223333:role/flow-minter --admin arn:aws:iam::111122223333:role/key-admin',
  ],
  async run({ values }) {
    const describe = values.flag('describe')
    const keyArns = values.some('key')
    // Refuses what is not a key ARN, for the other policy too.
    const policy = signingPolicy({ keyArns, describe })
    const value = isForKey(values) ? policyOfKeys(values, keyArns, describe) : policy
    return { value, lines: json(value).split('\n') }
  },
}

const isForKey = ({ optional }: Values) =>
  optional('role') !== undefined || optional('admin') !== undefined

/** One text for all of them: in a key policy the key has no name. */
function policyOfKeys(
  values: Values,
  keyArns: readonly string[],
  describe: boolean,
): PolicyDocument {
  const [owner, ...others] = new Set(keyArns.map(ownerOf))
  if (owner === undefined || others.length > 0)
    throw usage('--key', 'with --role, all keys are of one AWS account')
  const [partition = '', accountId = ''] = owner.split(' ')
  return keyPolicy({
    accountId,
    partition,
    signerRoleArn: values.required('role'),
    adminRoleArn: values.required('admin'),
    describe,
  })
}

/** @param keyArn - Checked before: `arn:<partition>:kms:<region>:<account>:key/<id>`. */
function ownerOf(keyArn: string): string {
  const [, partition, , , accountId] = keyArn.split(':')
  return `${partition} ${accountId}`
}
