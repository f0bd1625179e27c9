/** What a simulator of IAM is asked about one policy, and who asks. @module */
import { ACCOUNT, KEY, role } from '../../../support/stack-variants.ts'
import { hex } from '../../../support/template-policies.ts'

export type Context = Readonly<Record<string, string>>

export type Asked = {
  /** ARN of a role or of the root user, name of a service, or `ANONYMOUS`. */
  readonly who: string
  readonly action: string
  /** ARN, or `*` for an action that knows no resources. */
  readonly on: string
  /** Condition keys beside those of the caller. */
  readonly context?: Context
  /** The caller's own IAM policy allows nothing; else, of a policy of a resource, everything. */
  readonly unaided?: true
  /** Beside a statement that lets in everybody, as a mistake or a grant would. */
  readonly wider?: true
  /** Beside another policy of the caller's own that allows everything: only denials count. */
  readonly beside?: true
  /** Without the denials: what an Allow asks holds alone too. */
  readonly undenied?: true
}
export type Question = Asked & { readonly allowed: boolean }

/** Questions by `<variant of the stack>/<resource>.<property>`. */
export type Matrix = Readonly<Record<string, readonly Question[]>>

type How = Omit<Asked, 'who' | 'action' | 'on'>
type Ask = (who: string, actions: string | readonly string[], on: string, how?: How) => Question[]

const ask =
  (allowed: boolean): Ask =>
  (who, actions, on, how = {}) =>
    [actions].flat().map((action) => ({ who, action, on, ...how, allowed }))

export const may: Ask = ask(true)
export const mayNot: Ask = ask(false)

export const ADMIN: string = role('key-admin')
export const SIGNER: string = role('flow-signer')
export const BACKEND: string = role('flow-backend')
export const STRANGER: string = role('stranger')
/** Roles of another account; the first is a caller of the remote signer. */
export const OTHER_TEAM: string = role('other-team', '444455556666')
export const FOREIGNER: string = role('stranger', '444455556666')
export const ROOT = `arn:aws:iam::${ACCOUNT}:root`
export const FOREIGN_ROOT = 'arn:aws:iam::444455556666:root'
export const ANONYMOUS = 'anonymous'

export const digest: Context = {
  'kms:MessageType': 'DIGEST',
  'kms:SigningAlgorithm': 'ECDSA_SHA_256',
}
export const raw: Context = { ...digest, 'kms:MessageType': 'RAW' }
export const sha384: Context = { ...digest, 'kms:SigningAlgorithm': 'ECDSA_SHA_384' }
export const tls: Context = { 'aws:SecureTransport': 'true' }
export const plain: Context = { 'aws:SecureTransport': 'false' }
export const fromHere: Context = { 'aws:SourceAccount': ACCOUNT }
export const fromElsewhere: Context = { 'aws:SourceAccount': '444455556666' }

/** Of the stack `remote-signer`. */
export const FUNCTION = `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:fcl-kms-production`

/** The key that a stack makes under this name. */
export const keyOf = (id: string): string => `arn:aws:kms:eu-central-1:${ACCOUNT}:key/${hex(id)}`
export const OTHER_KEY: string = KEY.replace(/.{4}$/, '0000')
