/** Who signs, and who administers keys. @module */
import { KEY } from '../../../../support/stack-variants.ts'
import { ENCLAVE_KEY, unattested } from '../enclave.ts'
import { ADMIN, digest, keyOf, may, mayNot, ROOT, raw, SIGNER, sha384 } from '../question.ts'
import { LEDGER, LOG } from '../remote-signer.ts'
import { byTag, ending, made, NEW, OPERATOR } from '../rotating.ts'
import { sealed, WRAPPING } from '../sealed-keys.ts'
import type { Row } from './row.ts'

const MINTER = keyOf('KeyMinter')
const signed = { context: digest }

export const signing: readonly Row[] = [
  {
    who: 'the role that signs',
    may: {
      'sign digests with its key': {
        'keys/KeyMinter.KeyPolicy': may(SIGNER, 'kms:Sign', MINTER, signed),
        'keys/SignerPolicy.PolicyDocument': may(SIGNER, 'kms:Sign', MINTER, signed),
      },
      'read its public key': {
        'keys/KeyMinter.KeyPolicy': may(SIGNER, 'kms:GetPublicKey', MINTER),
      },
      'write its log': {
        'signer by API/RolePolicy.PolicyDocument': may(SIGNER, 'logs:PutLogEvents', LOG),
      },
      'keep its ledger': {
        'signer by API/RolePolicy.PolicyDocument': may(SIGNER, 'dynamodb:PutItem', LEDGER),
      },
    },
    mayNot: {
      'sign anything but a digest by SHA-256, not by a grant either': {
        'keys/KeyMinter.KeyPolicy': [raw, sha384].flatMap((context) => [
          ...mayNot(SIGNER, 'kms:Sign', MINTER, { context }),
          ...mayNot(SIGNER, 'kms:Sign', MINTER, { context, wider: true }),
        ]),
      },
      'sign with another key': {
        'keys/SignerPolicy.PolicyDocument': mayNot(SIGNER, 'kms:Sign', keyOf('Other'), signed),
      },
      'administer a key': {
        'keys/KeyMinter.KeyPolicy': mayNot(
          SIGNER,
          ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:CreateGrant'],
          MINTER,
          { wider: true },
        ),
      },
      'sign for another environment, where tags keep them apart': {
        'keys by tag/KeyMinter.KeyPolicy': mayNot(SIGNER, 'kms:Sign', MINTER, {
          context: { ...digest, 'aws:PrincipalTag/Environment': 'development' },
        }),
      },
    },
  },
  {
    who: 'the administrator of a key',
    may: {
      'describe, disable, tag and delete it': {
        'keys/KeyMinter.KeyPolicy': may(
          ADMIN,
          ['kms:DescribeKey', 'kms:DisableKey', 'kms:TagResource', 'kms:ScheduleKeyDeletion'],
          MINTER,
        ),
      },
      'change its policy': { 'keys/KeyMinter.KeyPolicy': may(ADMIN, 'kms:PutKeyPolicy', MINTER) },
    },
    mayNot: {
      'sign, not by a grant either': {
        'keys/KeyMinter.KeyPolicy': [
          ...mayNot(ADMIN, 'kms:Sign', MINTER, signed),
          ...mayNot(ADMIN, 'kms:Sign', MINTER, { ...signed, wider: true }),
        ],
      },
      'make a grant': { 'keys/KeyMinter.KeyPolicy': mayNot(ADMIN, 'kms:CreateGrant', MINTER) },
      'open a sealed key': {
        'sealed keys/WrappingKey.KeyPolicy': mayNot(ADMIN, 'kms:Decrypt', WRAPPING, {
          context: sealed,
        }),
      },
    },
  },
  {
    who: 'a role that rotates keys',
    may: {
      'make a key to sign with, tagged with its rotation': {
        'rotation policy': may(OPERATOR, 'kms:CreateKey', '*', made),
      },
      'move a named alias to such a key': {
        'rotation policy': may(OPERATOR, 'kms:UpdateAlias', NEW, { context: byTag }),
      },
      'disable the old key': { 'rotation policy': may(OPERATOR, 'kms:DisableKey', KEY) },
      'ask for its deletion in 30 days, once it was unused for 7': {
        'rotation policy': may(OPERATOR, 'kms:ScheduleKeyDeletion', KEY, ending(30, 7)),
      },
    },
    mayNot: {
      'sign, with the old key or the new one': {
        'rotation policy': [
          ...mayNot(OPERATOR, 'kms:Sign', KEY, signed),
          ...mayNot(OPERATOR, 'kms:Sign', NEW, { context: { ...digest, ...byTag } }),
        ],
      },
      'have a key deleted sooner, or one that was used since': {
        'rotation policy': [
          ...mayNot(OPERATOR, 'kms:ScheduleKeyDeletion', KEY, ending(29, 7)),
          ...mayNot(OPERATOR, 'kms:ScheduleKeyDeletion', KEY, ending(30, 6)),
        ],
      },
      'disable or delete the new key': {
        'rotation policy': [
          ...mayNot(OPERATOR, 'kms:DisableKey', NEW, { context: byTag }),
          ...mayNot(OPERATOR, 'kms:ScheduleKeyDeletion', NEW, ending(30, 30)),
        ],
      },
    },
  },
  {
    who: 'the root user of the account',
    may: {
      'read and change the policy of a key': {
        'keys/KeyMinter.KeyPolicy': may(ROOT, ['kms:GetKeyPolicy', 'kms:PutKeyPolicy'], MINTER),
      },
    },
    mayNot: {
      'sign, disable or delete': {
        'keys/KeyMinter.KeyPolicy': [
          ...mayNot(ROOT, 'kms:Sign', MINTER, signed),
          ...mayNot(ROOT, ['kms:DisableKey', 'kms:ScheduleKeyDeletion'], MINTER),
        ],
      },
      'open a key of an enclave': {
        'enclave/WrappingKey.KeyPolicy': unattested.flatMap((context) =>
          mayNot(ROOT, ['kms:Decrypt', 'kms:GenerateDataKey'], ENCLAVE_KEY, {
            context,
            wider: true,
          }),
        ),
      },
    },
  },
]
