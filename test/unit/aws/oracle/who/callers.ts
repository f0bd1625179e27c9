/** Who calls the remote signer. @module */
import { BACKEND, digest, FUNCTION, keyOf, may, mayNot, OTHER_TEAM } from '../question.ts'
import { API, ELSEWHERE, LIVE } from '../remote-signer.ts'
import type { Row } from './row.ts'

const MINTER = keyOf('KeyMinter')
const signed = { context: digest }
const viaUrl = { context: { 'lambda:InvokedViaFunctionUrl': 'true' } }
const byIam = { context: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } }

export const callers: readonly Row[] = [
  {
    who: "a caller's role",
    may: {
      'POST to the one path of the API': {
        'signer by API/Api.Policy': may(BACKEND, 'execute-api:Invoke', API, {
          context: {},
          unaided: true,
        }),
        'signer by API/CallerPolicy.PolicyDocument': may(BACKEND, 'execute-api:Invoke', API),
      },
      'invoke its alias, where that is the door': {
        'signer by Invoke/CallerPolicy.PolicyDocument': may(BACKEND, 'lambda:InvokeFunction', LIVE),
      },
      'call its URL, where that is the door': {
        'signer by URL/CallerPolicy.PolicyDocument': [
          ...may(BACKEND, 'lambda:InvokeFunctionUrl', LIVE, byIam),
          ...may(BACKEND, 'lambda:InvokeFunction', LIVE, viaUrl),
        ],
      },
    },
    mayNot: {
      'use the key': {
        'keys/KeyMinter.KeyPolicy': mayNot(BACKEND, 'kms:Sign', MINTER, signed),
      },
      'call another path, method or stage': {
        'signer by API/CallerPolicy.PolicyDocument': ELSEWHERE.flatMap((on) =>
          mayNot(BACKEND, 'execute-api:Invoke', on),
        ),
      },
      'invoke another version': {
        'signer by Invoke/CallerPolicy.PolicyDocument': mayNot(
          BACKEND,
          'lambda:InvokeFunction',
          `${FUNCTION}:7`,
        ),
      },
    },
  },
  {
    who: "a caller's role of another account",
    may: {
      'call by the same doors, where IAM of its own account allows it too': {
        'signer by API/Api.Policy': may(OTHER_TEAM, 'execute-api:Invoke', API, { context: {} }),
        'signer by Invoke/Function.Permissions': may(OTHER_TEAM, 'lambda:InvokeFunction', LIVE),
        'signer by URL/Function.Permissions': may(
          OTHER_TEAM,
          'lambda:InvokeFunctionUrl',
          LIVE,
          byIam,
        ),
      },
    },
    mayNot: {
      'call by our word alone': {
        'signer by API/Api.Policy': mayNot(OTHER_TEAM, 'execute-api:Invoke', API, {
          context: {},
          unaided: true,
        }),
        'signer by Invoke/Function.Permissions': mayNot(OTHER_TEAM, 'lambda:InvokeFunction', LIVE, {
          unaided: true,
        }),
      },
      'call around the private endpoints': {
        'signer by private API/Api.Policy': mayNot(OTHER_TEAM, 'execute-api:Invoke', API, {
          context: {},
        }),
      },
    },
  },
]
