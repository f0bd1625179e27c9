/** The parent of an enclave, and the two that let in its images. @module */
import {
  around,
  attested,
  bound,
  byChangeSet,
  ENCLAVE_KEY,
  ENCLAVE_LOG,
  ENCLAVE_RECORD,
  ENCLAVE_SECRET,
  ENCLAVE_STACK,
  executing,
  never,
  PARENT,
  PROPOSER,
  pin,
  proposing,
  unattested,
} from '../enclave.ts'
import { ADMIN, may, mayNot } from '../question.ts'
import type { Row } from './row.ts'

const opening = ['kms:Decrypt', 'kms:GenerateDataKey']
const KEY_POLICY = 'enclave/WrappingKey.KeyPolicy'
const beside = { beside: true } as const

export const enclaves: readonly Row[] = [
  {
    who: 'the role of the parent of an enclave',
    may: {
      'let the enclave seal and open its keys, under the measurements that are named': {
        [KEY_POLICY]: may(PARENT, opening, ENCLAVE_KEY, { context: attested }),
      },
      'keep its records': {
        'enclave/RolePolicy.PolicyDocument': may(
          PARENT,
          ['s3:GetObject', 's3:PutObject'],
          ENCLAVE_RECORD,
        ),
        'enclave in a VPC that exists/RolePolicy.PolicyDocument': may(
          PARENT,
          'secretsmanager:PutSecretValue',
          ENCLAVE_SECRET,
        ),
      },
      'write its log': {
        'enclave/RolePolicy.PolicyDocument': may(PARENT, 'logs:PutLogEvents', ENCLAVE_LOG),
      },
    },
    mayNot: {
      'open one itself, with another image, or in debug mode': {
        [KEY_POLICY]: unattested.flatMap((context) =>
          mayNot(PARENT, opening, ENCLAVE_KEY, { context, wider: true }),
        ),
      },
      'wrap what it knows itself, wrap anything anew, or make a grant': {
        [KEY_POLICY]: [
          ...mayNot(PARENT, never, ENCLAVE_KEY, { wider: true }),
          ...mayNot(PARENT, 'kms:Encrypt', ENCLAVE_KEY, { context: bound, wider: true }),
        ],
      },
      'remove a record': {
        'enclave/RolePolicy.PolicyDocument': mayNot(
          PARENT,
          ['s3:DeleteObject', 's3:DeleteObjectVersion'],
          ENCLAVE_RECORD,
        ),
        'enclave in a VPC that exists/RolePolicy.PolicyDocument': mayNot(
          PARENT,
          'secretsmanager:DeleteSecret',
          ENCLAVE_SECRET,
        ),
      },
      'change the policy of the key': {
        [KEY_POLICY]: mayNot(PARENT, 'kms:PutKeyPolicy', ENCLAVE_KEY),
      },
    },
  },
  {
    who: 'who proposes a new image of an enclave',
    may: {
      'make, show and delete change sets of its stack': {
        'enclave/ProposalPolicy.PolicyDocument': may(PROPOSER, proposing, ENCLAVE_STACK),
      },
    },
    mayNot: {
      'execute one, or change the stack without one, whatever else IAM allows': {
        'enclave/ProposalPolicy.PolicyDocument': mayNot(PROPOSER, executing, ENCLAVE_STACK, beside),
      },
      'change the policy of the key': {
        [KEY_POLICY]: mayNot(PROPOSER, 'kms:PutKeyPolicy', ENCLAVE_KEY, { context: byChangeSet }),
      },
    },
  },
  {
    who: 'the administrator of an enclave',
    may: {
      'execute a change set': {
        'enclave/ExecutionPolicy.PolicyDocument': may(
          ADMIN,
          'cloudformation:ExecuteChangeSet',
          ENCLAVE_STACK,
          beside,
        ),
      },
      'seal the PIN of an HSM, where there is one': {
        [KEY_POLICY]: may(ADMIN, 'kms:Encrypt', ENCLAVE_KEY, { context: pin }),
      },
      'change the policy of the key by it': {
        [KEY_POLICY]: may(ADMIN, 'kms:PutKeyPolicy', ENCLAVE_KEY, { context: byChangeSet }),
      },
    },
    mayNot: {
      'make a change set, or change or delete the stack without one': {
        'enclave/ExecutionPolicy.PolicyDocument': mayNot(ADMIN, around, ENCLAVE_STACK, beside),
      },
      'change the policy of the key by a call of its own': {
        [KEY_POLICY]: mayNot(ADMIN, 'kms:PutKeyPolicy', ENCLAVE_KEY, { wider: true }),
      },
      'open a key of the enclave, or the PIN': {
        [KEY_POLICY]: mayNot(ADMIN, opening, ENCLAVE_KEY, { context: attested, wider: true }),
      },
    },
  },
]
