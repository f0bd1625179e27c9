/** The stack `remote-signer`, by each of its doors. @module */
import { ACCOUNT, KEY, role } from '../../../support/stack-variants.ts'
import {
  ANONYMOUS,
  BACKEND,
  type Context,
  FOREIGNER,
  FUNCTION,
  type Matrix,
  may,
  mayNot,
  OTHER_TEAM,
  type Question,
  SIGNER,
  STRANGER,
} from './question.ts'
import { signs } from './signing-keys.ts'
import { takenBy } from './trust.ts'

const HERE = `eu-central-1:${ACCOUNT}`
export const LIVE = `${FUNCTION}:live`
export const API = `arn:aws:execute-api:${HERE}:api/live/POST/sign`
const GATEWAY = 'apigateway.amazonaws.com'
const MADE_ROLE = role('fcl-kms-production-signer')

const log = (name: string) => `arn:aws:logs:${HERE}:log-group:/aws/lambda/${name}:log-stream:one`
export const LOG: string = log('fcl-kms-production')
const writing = ['logs:CreateLogStream', 'logs:PutLogEvents']
/** @returns That the role writes its log and no other. */
const writesItsLog = (who: string): Question[] => [
  ...may(who, writing, LOG),
  ...mayNot(who, writing, log('fcl-kms-development')),
  ...mayNot(who, ['logs:DeleteLogStream', 'logs:GetLogEvents'], LOG),
]

const table = (name: string) => `arn:aws:dynamodb:${HERE}:table/${name}`
export const LEDGER: string = table('LedgerTable')
const keeping = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']
const keepsTheLedger = (who: string): Question[] => [
  ...may(who, keeping, LEDGER),
  ...mayNot(who, keeping, table('Others')),
  ...mayNot(who, ['dynamodb:DeleteItem', 'dynamodb:DeleteTable'], LEDGER),
]
const keepsNone = (who: string): Question[] => mayNot(who, keeping, LEDGER)

const callers = [BACKEND, OTHER_TEAM]
const invoke = 'lambda:InvokeFunction'
const callUrl = 'lambda:InvokeFunctionUrl'
const viaUrl = (is: boolean): Context => ({ 'lambda:InvokedViaFunctionUrl': String(is) })
const authorized = (by: string): Context => ({ 'lambda:FunctionUrlAuthType': by })

const invokesOnly: Question[] = [
  ...may(BACKEND, invoke, LIVE),
  ...mayNot(BACKEND, invoke, FUNCTION),
  ...mayNot(BACKEND, invoke, `${FUNCTION}:7`),
  ...mayNot(BACKEND, ['lambda:UpdateFunctionCode', 'lambda:GetFunction'], LIVE),
]
/** Of a function, IAM policies of the account decide as well: Lambda knows no denial in its policy. */
const invokedByCallers: Question[] = [
  ...may(BACKEND, invoke, LIVE, { unaided: true }),
  ...may(OTHER_TEAM, invoke, LIVE),
  ...mayNot(OTHER_TEAM, invoke, LIVE, { unaided: true }),
  ...mayNot(STRANGER, invoke, LIVE, { unaided: true }),
  ...may(STRANGER, invoke, LIVE),
  ...may(STRANGER, 'lambda:UpdateFunctionCode', FUNCTION),
  ...mayNot(FOREIGNER, invoke, LIVE),
  ...mayNot(ANONYMOUS, invoke, LIVE),
]

const callsTheUrlOnly: Question[] = [
  ...may(BACKEND, callUrl, LIVE, { context: authorized('AWS_IAM') }),
  ...mayNot(BACKEND, callUrl, LIVE, { context: authorized('NONE') }),
  ...mayNot(BACKEND, callUrl, FUNCTION, { context: authorized('AWS_IAM') }),
  ...may(BACKEND, invoke, LIVE, { context: viaUrl(true) }),
  ...mayNot(BACKEND, invoke, LIVE, { context: viaUrl(false) }),
  ...mayNot(BACKEND, invoke, LIVE),
  ...mayNot(BACKEND, invoke, FUNCTION, { context: viaUrl(true) }),
]
const calledByUrl: Question[] = [
  ...may(BACKEND, invoke, LIVE, { context: viaUrl(true), unaided: true }),
  ...mayNot(BACKEND, invoke, LIVE, { context: viaUrl(false), unaided: true }),
  ...may(BACKEND, callUrl, LIVE, { context: authorized('AWS_IAM'), unaided: true }),
  ...mayNot(BACKEND, callUrl, LIVE, { context: authorized('NONE'), unaided: true }),
  ...may(OTHER_TEAM, invoke, LIVE, { context: viaUrl(true) }),
  ...mayNot(OTHER_TEAM, invoke, LIVE, { context: viaUrl(false) }),
  ...may(OTHER_TEAM, callUrl, LIVE, { context: authorized('AWS_IAM') }),
  ...mayNot(OTHER_TEAM, callUrl, LIVE, { context: authorized('NONE') }),
  ...[FOREIGNER, ANONYMOUS].flatMap((who) => [
    ...mayNot(who, invoke, LIVE, { context: viaUrl(true) }),
    ...mayNot(who, callUrl, LIVE, { context: authorized('AWS_IAM') }),
  ]),
]

const call = 'execute-api:Invoke'
export const ELSEWHERE: readonly string[] = [
  'live/GET/sign',
  'live/POST/other',
  'test/POST/sign',
].map((path) => API.replace('live/POST/sign', path))
const callsTheApiOnly: Question[] = [
  ...may(BACKEND, call, API),
  ...ELSEWHERE.flatMap((on) => mayNot(BACKEND, call, on)),
  ...mayNot(BACKEND, call, API.replace(':api/', ':another/')),
  ...mayNot(BACKEND, invoke, LIVE),
]
/** @param through - What tells the endpoint, of a private API. */
const calledByApi = (through?: Context): Question[] => {
  const context = through ?? {}
  return [
    ...may(BACKEND, call, API, { context, unaided: true }),
    ...may(OTHER_TEAM, call, API, { context }),
    ...mayNot(OTHER_TEAM, call, API, { context, unaided: true }),
    ...ELSEWHERE.flatMap((on) => mayNot(OTHER_TEAM, call, on, { context })),
    ...[STRANGER, FOREIGNER, ANONYMOUS].flatMap((who) => [
      ...mayNot(who, call, API, { context }),
      ...mayNot(who, call, API, { context, wider: true }),
      ...mayNot(who, call, API, { context, undenied: true, unaided: true }),
    ]),
  ]
}
const endpoint = (id: string): Context => ({ 'aws:SourceVpce': id })
const calledByPrivateApi: Question[] = [
  ...calledByApi(endpoint('vpce-0123456789abcdef0')),
  ...[endpoint('vpce-00000000000000000'), {}].flatMap((context) =>
    callers.flatMap((who) => mayNot(who, call, API, { context })),
  ),
]

const from = (sourceArn: string): Context => ({ 'aws:SourceArn': sourceArn })
const invokedByGateway: Question[] = [
  ...may(GATEWAY, invoke, LIVE, { context: from(API) }),
  ...[...ELSEWHERE, API.replace(ACCOUNT, '444455556666')].flatMap((on) =>
    mayNot(GATEWAY, invoke, LIVE, { context: from(on) }),
  ),
  ...mayNot(GATEWAY, invoke, LIVE),
  ...mayNot('events.amazonaws.com', invoke, LIVE, { context: from(API) }),
  ...callers.flatMap((who) => mayNot(who, invoke, LIVE, { unaided: true })),
]

export const remoteSigner: Matrix = {
  'signer by Invoke/RolePolicy.PolicyDocument': [...writesItsLog(SIGNER), ...keepsNone(SIGNER)],
  'signer by Invoke/CallerPolicy.PolicyDocument': invokesOnly,
  'signer by Invoke/Function.Permissions': invokedByCallers,
  'signer with all/Role.AssumeRolePolicyDocument': takenBy(
    'lambda.amazonaws.com',
    'fcl-kms-production-signer',
  ),
  'signer with all/Role.Policies.0.PolicyDocument': signs(MADE_ROLE, [KEY]),
  'signer with all/Role.Policies.1.PolicyDocument': [
    ...writesItsLog(MADE_ROLE),
    ...keepsTheLedger(MADE_ROLE),
  ],
  'signer with all/CallerPolicy.PolicyDocument': invokesOnly,
  'signer with all/Function.Permissions': invokedByCallers,
  'signer by URL/RolePolicy.PolicyDocument': [...writesItsLog(SIGNER), ...keepsNone(SIGNER)],
  'signer by URL/CallerPolicy.PolicyDocument': callsTheUrlOnly,
  'signer by URL/Function.Permissions': calledByUrl,
  'signer by API/RolePolicy.PolicyDocument': [...writesItsLog(SIGNER), ...keepsTheLedger(SIGNER)],
  'signer by API/Api.Policy': calledByApi(),
  'signer by API/CallerPolicy.PolicyDocument': callsTheApiOnly,
  'signer by API/Function.Permissions': invokedByGateway,
  'signer by private API/RolePolicy.PolicyDocument': [
    ...writesItsLog(SIGNER),
    ...keepsNone(SIGNER),
  ],
  'signer by private API/Api.Policy': calledByPrivateApi,
  'signer by private API/CallerPolicy.PolicyDocument': callsTheApiOnly,
  'signer by private API/Function.Permissions': invokedByGateway,
}
