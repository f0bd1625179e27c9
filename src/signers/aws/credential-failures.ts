/** What it means that no credentials were got: nothing was sent. @module */

import { SignerError } from '../../errors.ts'
import { describeFacts, factsOf, isPassingFault, type ThrownFacts } from './thrown-facts.ts'

/** What is read of the client's configuration. */
export type CredentialSource = {
  readonly profile?: string | undefined
  readonly credentials?: unknown
}

/** Names of profiles; `ours` when the credentials were given to the client and not looked for. */
type Asked = { readonly provider: string; readonly profile: string; readonly ours: boolean }

type Sort = {
  readonly when: (facts: ThrownFacts) => boolean
  readonly reason: string
  readonly remedy: (asked: Asked) => string
}

const WEB_IDENTITY = 'AWS_WEB_IDENTITY_TOKEN_FILE'

const forProfile = ({ profile }: Asked) => (profile === '' ? '' : ` --profile ${profile}`)
const says = (pattern: RegExp) => (facts: ThrownFacts) => pattern.test(facts.message)
const named = (pattern: RegExp) => (facts: ThrownFacts) => pattern.test(facts.name)

/**
 * By the sentences of the SDK's own providers, which are not shown: some quote files and commands.
 * Each pattern holds to the begin or the end of its sentence, since names of profiles, of sessions
 * and what a command wrote stand in between, and may read like any other sentence.
 */
const missing: readonly Sort[] = [
  {
    when: says(/^Command failed/),
    reason: 'the command in credential_process failed',
    remedy: runByHand,
  },
  {
    when: says(
      /^Profile is configured with invalid SSO|^Conflicting SSO |^Sso session |'sso_session'\.$/,
    ),
    reason: 'the SSO settings of the profile are not whole, or contradict each other',
    remedy: (asked) => `aws configure sso${forProfile(asked)}`,
  },
  {
    when: says(/requires multi-factor authentication, but no MFA code callback was provided\.$/),
    reason: 'the profile asks for an MFA code, and nobody is here to type one',
    remedy: ({ profile }) =>
      `pass credentials: fromIni({ profile: '${profile}', mfaCodeProvider }), or those of a role`,
  },
  {
    when: says(
      /^Could not resolve credentials using profile|^Profile .* (was not found|could not be found in shared credentials file|is not configured with SSO credentials|did not contain credential_process|does not contain login_session)\.$/s,
    ),
    reason: 'the profile does not exist, or has no credentials',
    remedy: (asked) => `aws configure${forProfile(asked)}`,
  },
  {
    when: says(/credential_process (returned expired credentials|did not return Version 1)\.$/),
    reason: 'what credential_process printed is expired, or not of its version',
    remedy: runByHand,
  },
  {
    when: says(/credential_process returned invalid \w+\.$/),
    reason: 'what credential_process printed is not what it should be',
    remedy: runByHand,
  },
  {
    when: says(
      /^The SSO session |^SSO returns |'?aws sso login'? with the corresponding profile\.$/,
    ),
    reason: 'signed out of SSO, or its session is over',
    remedy: (asked) => `aws sso login${forProfile(asked)}`,
  },
  {
    when: says(/re-authenticate using `?aws login`?$|[Pp]lease reauthenticate[^.]*\.$/),
    reason: 'signed out of the AWS console session, or it is over',
    remedy: (asked) => `aws login${forProfile(asked)}`,
  },
  {
    when: says(
      /^(Server responded with status|EC2 Instance Metadata|Error response received from instance|Invalid response received from instance|No HTTP credential provider|HTTP credential provider|URL not accepted|The container metadata)|is not a valid container metadata service \w+$/,
    ),
    reason: 'the service of this container or instance has none',
    remedy: () => 'attach a role to the task, the pod or the instance',
  },
  {
    when: says(/^Could not load (credentials|token) from any providers/),
    reason: 'none was found there',
    remedy: lookFurther,
  },
]

/** Answers of AWS STS, and of SSO, to who asked for credentials. */
const refused: readonly Sort[] = [
  {
    when: named(/^AccessDenied(Exception)?$|^NotAuthorized|^Unauthorized|^Forbidden/),
    reason: 'it may not assume the role',
    remedy: () => 'name who assumes it in the trust policy of the role, and allow sts:AssumeRole',
  },
  {
    when: named(/^InvalidIdentityToken/),
    reason: 'the identity token is not one that the AWS account knows',
    remedy: () => 'aws iam list-open-id-connect-providers; add the issuer of the token',
  },
  {
    when: named(/^IDPRejectedClaim/),
    reason: 'the identity provider rejected the token',
    remedy: () => 'get a new token from the identity provider',
  },
  {
    when: named(/^RegionDisabled/),
    reason: 'STS is not active in this Region',
    remedy: () => 'activate STS for the Region in the account settings of IAM, or use another',
  },
  {
    when: named(/^Expired/),
    reason: 'what it asked with has expired',
    remedy: (asked) =>
      asked.provider === WEB_IDENTITY
        ? 'have the token in the file renewed'
        : `renew it, for example by aws sso login${forProfile(asked)}`,
  },
]

function runByHand(asked: Asked): string {
  return `run the credential_process of the profile by hand${forProfile(asked)}`
}

/** The SDK's chain does not say why each of its links had none; the AWS CLI does. */
function lookFurther(asked: Asked): string {
  const { provider, profile } = asked
  if (/^AWS_CONTAINER/.test(provider)) return 'attach a role to the task or pod, and see its agent'
  const look = `aws sts get-caller-identity${forProfile(asked)} shows why`
  const get = `aws configure${forProfile(asked)} or aws sso login${forProfile(asked)}`
  const set = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; or attach a role'
  return profile === '' ? `${get}; or ${set}; ${look}` : `${get}; ${look}`
}

/** What the caller's own function threw, and what nobody knows. */
const anything: Sort = {
  when: () => true,
  reason: 'it failed',
  remedy: (asked) =>
    asked.ours
      ? 'see what the function that gives them throws'
      : `aws sts get-caller-identity${forProfile(asked)}`,
}

/** Why no credentials were got, whichever service they were for. */
export type CredentialFailure =
  /** A file that is not there, which the setting names. */
  | { readonly kind: 'configuration'; readonly setting: string; readonly reason: string }
  /** Throttling, 5xx, sockets and times that were over. */
  | { readonly kind: 'unavailable'; readonly provider: string; readonly reason: string }
  /** `invalid` when somebody has said no. */
  | {
      readonly kind: 'missing' | 'invalid'
      readonly provider: string
      readonly reason: string
      readonly remedy: string
    }

/** @param thrown - What the provider rejected with. Its text is not shown. */
export function sortCredentialFailure(
  thrown: unknown,
  source: CredentialSource,
): CredentialFailure {
  const facts = factsOf(thrown)
  const asked = askedOf(source)
  const { provider } = asked
  const setting = missingFile(facts)
  if (setting !== undefined) {
    const reason = `a file for a token or credentials cannot be read (${facts.code})`
    return { kind: 'configuration', setting, reason }
  }
  const fact = describeFacts(facts)
  if (isPassingFault(facts) || /^IDPCommunicationError/.test(facts.name))
    return { kind: 'unavailable', provider, reason: fact }
  const isMissing = isProviderError(thrown)
  const sorts = isMissing ? missing : refused
  const { reason, remedy } = sorts.find(({ when }) => when(facts)) ?? anything
  const kind = isMissing ? 'missing' : 'invalid'
  return { kind, provider, reason: `${reason} (${fact})`, remedy: remedy(asked) }
}

/**
 * @returns `AWS_CONFIG_INVALID`, `KMS_CREDENTIALS_UNAVAILABLE`, `KMS_CREDENTIALS_MISSING` or
 * `KMS_CREDENTIALS_INVALID`.
 */
export function readCredentialFailure(
  thrown: unknown,
  source: CredentialSource,
  keyId: string,
): SignerError {
  const { kind, ...facts } = sortCredentialFailure(thrown, source)
  // Each kind has the facts of its code.
  if ('setting' in facts) return new SignerError('AWS_CONFIG_INVALID', facts)
  if (!('remedy' in facts))
    return new SignerError('KMS_CREDENTIALS_UNAVAILABLE', { keyId, ...facts })
  const code = kind === 'missing' ? 'KMS_CREDENTIALS_MISSING' : 'KMS_CREDENTIALS_INVALID'
  return new SignerError(code, { keyId, ...facts })
}

/** Whether it is of a provider of the SDK: credentials that were not found. */
export const isProviderError = (thrown: unknown): boolean =>
  /^(Credentials|Token)?ProviderError$/.test(factsOf(thrown).name)

/** When the total time is over before there are any. */
export const slowCredentials = (source: CredentialSource, keyId: string): SignerError =>
  new SignerError('KMS_CREDENTIALS_UNAVAILABLE', {
    keyId,
    provider: askedOf(source).provider,
    reason: 'no answer in time',
  })

/** @returns The setting that names a file which is not there. */
function missingFile({ code, path }: ThrownFacts): string | undefined {
  if (!/^(ENOENT|EACCES|EISDIR|ENOTDIR|EPERM)$/.test(code)) return undefined
  const names = [WEB_IDENTITY, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  return names.find((name) => path !== '' && process.env[name] === path) ?? 'credentials'
}

function askedOf({ profile, credentials }: CredentialSource): Asked {
  const name = profile ?? process.env['AWS_PROFILE'] ?? ''
  // The SDK marks what it was given.
  const ours = typeof credentials === 'function' && 'attributed' in credentials
  if (ours) return { provider: 'the credentials given to the client', profile: name, ours }
  if (name !== '') return { provider: `profile ${name}`, profile: name, ours }
  const set = [
    WEB_IDENTITY,
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  ].find((variable) => (process.env[variable] ?? '') !== '')
  const chain = 'environment, default profile, web identity, container, instance'
  return { provider: set ?? chain, profile: name, ours }
}
