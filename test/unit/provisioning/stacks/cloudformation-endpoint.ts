/** CloudFormation and STS behind HTTP, as AWS answers them: each action can be told what to say. @module */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { DeployStackOptions, StackTemplate } from '../../../../src/provisioning/index.ts'

type Fields = { readonly [name: string]: Xml }
type Xml = string | undefined | readonly Xml[] | Fields

/** A result, an error by code and message, or `hang` to keep the connection open. */
export type Said =
  | { readonly result: Fields }
  | { readonly code: string; readonly message: string; readonly status?: number }
  | 'hang'

export type CloudFormationEndpoint = {
  readonly url: string
  /** Of a stack of one key, at this endpoint; looks again after a millisecond. */
  readonly options: (changes?: Partial<DeployStackOptions>) => DeployStackOptions
  /** Actions that arrived, in order. */
  readonly calls: () => readonly string[]
  /** What came with each call of an action. */
  readonly inputs: (action: string) => readonly URLSearchParams[]
  /** What an action answers: one after the other, the last again and again. */
  readonly say: (action: string, ...said: readonly Said[]) => void
} & AsyncDisposable

export const STACK_ID = 'arn:aws:cloudformation:us-east-1:000000000000:stack/keys/1'
const CHANGE_SET = 'arn:aws:cloudformation:us-east-1:000000000000:changeSet/fcl-kms/1'

/** An error of ours with this code, and at least these facts. */
export const failed = (code: string, context: object = {}): unknown =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })

/** An error as CloudFormation tells it. */
export const fault = (code: string, message: string, status = 400): Said => ({
  ...{ code, message, status },
})
export const missing = fault('ValidationError', 'Stack with id keys does not exist')
/** A stack in this state. */
export const stackIn = (StackStatus: string): Said => ({
  result: {
    Stacks: [
      {
        ...{ StackId: STACK_ID, StackName: 'keys', StackStatus },
        CreationTime: '2026-11-28T00:00:00Z',
      },
    ],
  },
})
/** A change set in this state, with its changes. */
export const setIn = (Status: string, more: Fields = {}): Said => ({ result: { Status, ...more } })
export const changeOf = (Action: string, LogicalResourceId: string, more: Fields = {}): Fields => ({
  ResourceChange: { Action, LogicalResourceId, ResourceType: 'AWS::KMS::Key', ...more },
})
/** One event of a stack. */
export type ToldEvent = readonly [id: string, resource: string, status: string, reason?: string]
/** Newest first, as AWS tells them. */
export const eventsOf = (...events: readonly ToldEvent[]): Said => ({
  result: {
    StackEvents: events.map(([EventId, LogicalResourceId, ResourceStatus, reason]) => ({
      ...{ EventId, StackId: STACK_ID, StackName: 'keys', LogicalResourceId, ResourceStatus },
      ...{ ResourceType: LogicalResourceId === 'keys' ? 'AWS::CloudFormation::Stack' : KEY },
      ...{ Timestamp: '2026-11-28T00:00:00Z', ResourceStatusReason: reason },
    })),
  },
})
const KEY = 'AWS::KMS::Key'

export const template: StackTemplate = {
  Resources: {
    Key: { Type: KEY, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
  },
}
/** As it was deployed, of this kind. */
export const deployedTemplate = (kind = 'signing-keys'): Said => ({
  result: {
    TemplateBody: JSON.stringify({ ...template, Metadata: { FclKms: { stack: kind } } }),
  },
})

/** What lies in an answer that is no error. */
export function resultOf(said: Said): Fields {
  if (typeof said === 'string' || !('result' in said)) throw new Error('no result')
  return said.result
}

/** Where there is no stack yet, and all goes well. */
const usual: Readonly<Record<string, readonly Said[]>> = {
  GetCallerIdentity: [
    { result: { Account: '000000000000', Arn: 'arn:aws:iam::000000000000:root', UserId: 'x' } },
  ],
  DescribeStacks: [missing, stackIn('CREATE_COMPLETE')],
  GetTemplate: [deployedTemplate()],
  CreateChangeSet: [{ result: { Id: CHANGE_SET, StackId: STACK_ID } }],
  DescribeChangeSet: [setIn('CREATE_COMPLETE', { Changes: [changeOf('Add', 'Key')] })],
  DescribeStackEvents: [eventsOf()],
  DescribeStackResources: [{ result: { StackResources: [] } }],
}

export async function startCloudFormation(): Promise<CloudFormationEndpoint> {
  const calls: URLSearchParams[] = []
  const saying = new Map<string, Said[]>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const call = new URLSearchParams(body)
    const action = call.get('Action') ?? ''
    calls.push(call)
    const list = saying.get(action) ?? [...(usual[action] ?? [])]
    saying.set(action, list)
    const said = (list.length > 1 ? list.shift() : list[0]) ?? { result: {} }
    if (said === 'hang') return
    const ok = 'result' in said
    response.writeHead(ok ? 200 : (said.status ?? 400), { 'content-type': 'text/xml' })
    const { code, message } = { code: '', message: '', ...said }
    response.end(
      ok
        ? xmlOf({ [`${action}Response`]: { [`${action}Result`]: said.result } })
        : xmlOf({ ErrorResponse: { Error: { Type: 'Sender', Code: code, Message: message } } }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`
  return {
    url,
    options: (changes = {}) => ({
      ...{ name: 'keys', kind: 'signing-keys', template, pollMs: 1 },
      client: {
        ...{ endpoint: url, region: 'us-east-1', maxAttempts: 1 },
        credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' },
      },
      ...changes,
    }),
    calls: () => calls.map((call) => call.get('Action') ?? ''),
    inputs: (action) => calls.filter((call) => call.get('Action') === action),
    say: (action, ...said) => saying.set(action, [...said]),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** As AWS's query protocol writes it: members of lists are called `member`. */
function xmlOf(value: Xml): string {
  if (value === undefined) return ''
  if (typeof value === 'string')
    return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  if (isList(value)) return value.map((one) => `<member>${xmlOf(one)}</member>`).join('')
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => `<${name}>${xmlOf(field)}</${name}>`)
    .join('')
}
const isList = (value: readonly Xml[] | Fields): value is readonly Xml[] => Array.isArray(value)
