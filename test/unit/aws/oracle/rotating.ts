/** The policy of whoever rotates keys. @module */
import { KEY, role } from '../../../support/stack-variants.ts'
import { type Context, digest, keyOf, may, mayNot, OTHER_KEY, type Question } from './question.ts'

export const OPERATOR: string = role('key-rotation')
const OLD = [KEY, OTHER_KEY]
/** One that a vault has made, or any other, by its tag. */
export const NEW: string = keyOf('New')
export const byTag: Context = { 'aws:ResourceTag/fcl-kms:rotation': '0123456789abcdef' }
const request: Context = { 'aws:RequestTag/fcl-kms:rotation': '0123456789abcdef' }
const ELSEWHERE = NEW.replace('eu-central-1', 'eu-west-1')
const ALIAS = NEW.replace(/key\/.*/, 'alias/minter')

const making = (spec: string, usage = 'SIGN_VERIFY', tag = request) => ({
  context: { 'kms:KeySpec': spec, 'kms:KeyUsage': usage, ...tag },
})
export const made = making('ECC_SECG_P256K1')
export const ending = (waits: number, unused: number) => ({
  context: {
    'kms:ScheduleKeyDeletionPendingWindowInDays': String(waits),
    'kms:TrailingDaysWithoutKeyUsage': String(unused),
  },
})
const untagging = (name: string) => ({ context: { 'aws:TagKeys': name } })
const account = 'fcl-kms:account:flow-mainnet:0xf8d6e0586b0a20c7'

const finding = ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:ListResourceTags']
const signs = ['kms:Sign', 'kms:Verify']
const others = ['kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:EnableKey', 'kms:CancelKeyDeletion']

export const rotating: Question[] = [
  ...['ECC_SECG_P256K1', 'ECC_NIST_P256'].flatMap((spec) =>
    may(OPERATOR, 'kms:CreateKey', '*', making(spec)),
  ),
  ...mayNot(OPERATOR, 'kms:CreateKey', '*', making('RSA_2048')),
  ...mayNot(OPERATOR, 'kms:CreateKey', '*', making('ECC_NIST_P256', 'KEY_AGREEMENT')),
  ...mayNot(OPERATOR, 'kms:CreateKey', '*', making('ECC_NIST_P256', 'SIGN_VERIFY', {})),
  ...may(OPERATOR, ['kms:ListKeys', 'cloudtrail:LookupEvents'], '*'),

  ...may(OPERATOR, 'kms:TagResource', NEW, { context: request }),
  ...may(OPERATOR, 'kms:TagResource', NEW, { context: byTag }),
  ...mayNot(OPERATOR, 'kms:TagResource', NEW),
  ...may(OPERATOR, finding, NEW),
  ...may(OPERATOR, 'kms:UpdateAlias', NEW, { context: byTag }),
  ...mayNot(OPERATOR, 'kms:UpdateAlias', NEW),
  ...mayNot(OPERATOR, 'kms:DisableKey', NEW, { context: byTag }),
  ...mayNot(OPERATOR, 'kms:GetKeyLastUsage', NEW, { context: byTag }),
  ...mayNot(OPERATOR, 'kms:ScheduleKeyDeletion', NEW, ending(30, 30)),
  ...mayNot(OPERATOR, 'kms:UntagResource', NEW, untagging(account)),
  ...mayNot(OPERATOR, signs, NEW, { context: { ...digest, ...byTag } }),
  ...mayNot(OPERATOR, others, NEW, { context: byTag }),

  ...mayNot(OPERATOR, [...finding, 'kms:DisableKey', 'kms:GetKeyLastUsage'], ELSEWHERE),
  ...mayNot(OPERATOR, 'kms:TagResource', ELSEWHERE, { context: request }),
  ...mayNot(OPERATOR, 'kms:TagResource', ELSEWHERE, { context: byTag }),
  ...mayNot(OPERATOR, 'kms:UpdateAlias', ELSEWHERE, { context: byTag }),
  ...may(OPERATOR, 'kms:UpdateAlias', ALIAS),
  ...mayNot(OPERATOR, 'kms:UpdateAlias', ALIAS.replace('minter', 'payer')),
  ...mayNot(OPERATOR, ['kms:CreateAlias', 'kms:DeleteAlias'], ALIAS),

  ...OLD.flatMap((on) => [
    ...may(OPERATOR, finding, on),
    ...may(OPERATOR, ['kms:UpdateAlias', 'kms:DisableKey', 'kms:GetKeyLastUsage'], on),
    ...may(OPERATOR, 'kms:UntagResource', on, untagging(account)),
    ...mayNot(OPERATOR, 'kms:UntagResource', on, untagging('team')),
    ...may(OPERATOR, 'kms:ScheduleKeyDeletion', on, ending(30, 7)),
    ...mayNot(OPERATOR, 'kms:ScheduleKeyDeletion', on, ending(29, 7)),
    ...mayNot(OPERATOR, 'kms:ScheduleKeyDeletion', on, ending(30, 6)),
    ...mayNot(OPERATOR, 'kms:ScheduleKeyDeletion', on),
    ...may(OPERATOR, 'kms:TagResource', on, { context: request }),
    ...may(OPERATOR, 'kms:TagResource', on, { context: byTag }),
    ...mayNot(OPERATOR, 'kms:TagResource', on),
    ...mayNot(OPERATOR, signs, on, { context: digest }),
    ...mayNot(OPERATOR, others, on),
  ]),
]
