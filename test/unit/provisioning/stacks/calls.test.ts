import { deployStack } from '../../../../src/provisioning/index.ts'
import { readAwsFailure } from '../../../../src/provisioning/stacks/aws-failures.ts'
import { load } from '../../../../src/provisioning/stacks/session.ts'
import {
  type CloudFormationEndpoint,
  failed,
  fault,
  type Said,
  startCloudFormation,
} from './cloudformation-endpoint.ts'

let aws: CloudFormationEndpoint
beforeEach(async () => {
  aws = await startCloudFormation()
})
afterEach(() => aws[Symbol.asyncDispose]())

const notAllowed = 'User: x is not authorized to perform: kms:CreateKey on resource: *'

describe('an answer of AWS', () => {
  it.each<[string, Said, string, object]>([
    [
      'a denial',
      fault('AccessDenied', notAllowed, 403),
      'AWS_DENIED',
      { operation: 'kms:CreateKey' },
    ],
    [
      'a denial without a sentence',
      fault('AccessDeniedException', '', 403),
      'AWS_DENIED',
      { operation: 'cloudformation:CreateChangeSet' },
    ],
    ['a fault', fault('InternalFailure', 'x', 500), 'AWS_UNAVAILABLE', {}],
    ['a throttle', fault('Throttling', 'Rate exceeded'), 'AWS_UNAVAILABLE', {}],
    ['no answer', 'hang', 'AWS_UNAVAILABLE', { reason: 'no answer within 300 ms' }],
    [
      'a key that it does not know',
      fault('InvalidClientTokenId', 'x', 403),
      'AWS_CREDENTIALS_UNUSABLE',
      { remedy: expect.stringMatching(/renew/) },
    ],
    [
      'a session that has ended',
      fault('ExpiredToken', 'x', 403),
      'AWS_CREDENTIALS_UNUSABLE',
      { remedy: expect.stringMatching(/renew/) },
    ],
    [
      'a clock that is off',
      fault('RequestExpired', 'x', 400),
      'AWS_CREDENTIALS_UNUSABLE',
      { remedy: expect.stringMatching(/clock/) },
    ],
    [
      'what is wrong with the request',
      fault('ValidationError', `Template format error:\n ${'x'.repeat(600)}`),
      'AWS_REQUEST_INVALID',
      { reason: expect.stringMatching(/^ValidationError: Template format error: x{377}$/) },
    ],
  ])('that is %s is sorted', async (_, said, code, context) => {
    aws.say('CreateChangeSet', said)
    const waiting = { ...aws.options(), requestTimeoutMs: 300 }
    await expect(deployStack(waiting)).rejects.toEqual(failed(code, context))
  })
})

describe('what is thrown before a call', () => {
  const call = { operation: 'sts:GetCallerIdentity', source: {} }
  it.each<[string, Error, string]>([
    ['no credentials', named('CredentialsProviderError', 'none'), 'AWS_CREDENTIALS_UNUSABLE'],
    ['no Region', new Error('Region is missing'), 'AWS_REGION_INVALID'],
    [
      'a wrong setting',
      Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' }),
      'AWS_CONFIG_INVALID',
    ],
  ])('for %s is sorted, and not kept', (_, thrown, code) => {
    const error = readAwsFailure(thrown, call)
    expect(error).toMatchObject({ code })
    expect(error.cause).toBeUndefined()
  })

  it('of credentials that were given is of these, though nobody knows whose fault it is', () => {
    const credentials = () => Promise.reject(new Error('none'))
    const thrown = named('CredentialsProviderError', 'none')
    const error = readAwsFailure(thrown, { ...call, source: { credentials } })
    expect(error).toMatchObject({ code: 'AWS_CREDENTIALS_UNUSABLE' })
  })

  it('for want of a package names it', async () => {
    const loading = load('@aws-sdk/client-s3', () => Promise.reject(new Error('none')))
    await expect(loading).rejects.toEqual(
      failed('AWS_SDK_MISSING', { package: '@aws-sdk/client-s3' }),
    )
  })

  it('for an endpoint that is none is AWS_CONFIG_INVALID', async () => {
    const { client } = aws.options()
    const wrong = { client: { ...client, endpoint: 'nowhere' } }
    await expect(deployStack(aws.options(wrong))).rejects.toEqual(failed('AWS_CONFIG_INVALID'))
    expect(aws.calls()).toEqual([])
  })
})

it('is not asked when the signal is aborted before', async () => {
  const reason = new Error('enough')
  const given = { ...aws.options(), signal: AbortSignal.abort(reason) }
  await expect(deployStack(given)).rejects.toBe(reason)
  expect(aws.calls()).toEqual([])
})

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}
