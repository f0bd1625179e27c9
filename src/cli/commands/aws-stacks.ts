/** `fcl-kms aws template`, `aws deploy` and `aws delete`. @module */

import { type StackName, stacks, type Template } from '../../aws/index.ts'
import { parseStrictJson } from '../../policy/strict-json.ts'
import {
  deleteStack,
  deployStack,
  packRemoteSigner,
  planStack,
  type SignerDocument,
  type StackChange,
  type StackClientConfig,
  type StackEvent,
  type StackPlan,
  uploadRemoteSigner,
} from '../../provisioning/index.ts'
import { type Command, type Context, exitCodes, type Flags } from '../command.ts'
import { kmsSettings, timeoutMs } from '../settings.ts'
import { facts, json, table } from '../text.ts'
import { readInput } from '../text-input.ts'
import { usage } from '../values.ts'

const names = Object.keys(stacks).join(', ')
const operand = { value: 'stack', help: `One of ${names}` }
const optionsFlag: Flags = {
  options: { value: 'file', help: 'Options of the stack as JSON, see docs/aws.md; - is stdin' },
}
const awsFlags: Flags = {
  region: { value: 'name', help: 'AWS Region; default AWS_REGION or the profile' },
  profile: { value: 'name', help: 'AWS profile; default AWS_PROFILE' },
  endpoint: { value: 'url', help: 'Endpoint of all services, for MiniStack or LocalStack' },
}
const nameFlag: Flags = {
  name: { value: 'name', help: 'Name of the stack; default fcl-kms-<stack>-<environment>' },
}

export const awsTemplate: Command = {
  name: 'aws template',
  summary: 'Print a stack as CloudFormation; calls nothing',
  operand,
  flags: optionsFlag,
  examples: ['signing-keys --options keys.json'],
  async run(context) {
    const template = stackOf(context).build(await optionsOf(context))
    return { value: template, lines: json(template).split('\n') }
  },
}

export const awsDeploy: Command = {
  name: 'aws deploy',
  summary: 'Show what a stack would change, and with --yes change it',
  operand,
  flags: {
    ...optionsFlag,
    ...nameFlag,
    yes: { help: 'Change it; without, it is only shown' },
    plan: { help: 'Only show it, which is the default' },
    'code-bucket': { value: 'name', help: 'remote-signer: the bucket that its code is put into' },
    document: { value: 'file', help: 'remote-signer: what it may sign, packed into its code' },
    replace: {
      value: 'id',
      multiple: true,
      help: 'A key or store of data that may be replaced or leave the stack',
    },
    'confirm-replace': { value: 'id', multiple: true, help: 'The same, said again' },
    ...awsFlags,
  },
  examples: [
    'signing-keys --options keys.json --region eu-central-1',
    'remote-signer --options signer.json --document may-sign.json --code-bucket our-code --yes',
  ],
  run: deploy,
}

export const awsDelete: Command = {
  name: 'aws delete',
  summary: 'Delete a stack; its keys and data are kept, and told',
  operand,
  flags: {
    name: { value: 'name', help: 'Name of the stack' },
    yes: { help: 'Delete it; it must be given' },
    ...awsFlags,
  },
  examples: ['remote-signer --name fcl-kms-remote-signer-production --yes'],
  async run(context) {
    const { values, signal, note } = context
    stackOf(context)
    const name = values.required('name')
    if (!values.flag('yes')) throw usage('--yes', 'it is missing, and nothing was deleted')
    const onProgress = (event: StackEvent) => note(lineOfEvent(event))
    const client = clientOf(context)
    const deleted = await deleteStack({
      ...{ name, kind: values.operand, client, signal, onProgress },
      ...paceOf(context, client),
    })
    const kept = deleted.kept.map(({ logicalId, type, physicalId }) => [
      logicalId,
      type,
      physicalId,
    ])
    return {
      value: deleted,
      lines: [`Deleted: ${name}`, ...(kept.length === 0 ? [] : ['Kept:', ...table(kept)])],
    }
  },
}

async function deploy(context: Context) {
  const { values, signal, note } = context
  const kind = values.operand
  const stack = stackOf(context)
  if (values.flag('plan') && values.flag('yes')) throw usage('--plan', 'it goes without --yes')
  const client = clientOf(context)
  const template = stack.build(await withCode(context, await optionsOf(context), client))
  const planned = {
    name: values.optional('name') ?? defaultName(kind, template),
    ...{ kind, template, client, signal },
    ...{ replace: values.many('replace'), confirmReplace: values.many('confirm-replace') },
    ...paceOf(context, client),
  }
  if (!values.flag('yes')) {
    const plan = await planStack(planned)
    const hint = plan.changes.length === 0 ? [] : ['Nothing was changed; --yes changes it.']
    return { value: plan, lines: [...linesOfPlan(plan), ...hint], exitCode: exitCodes.ok }
  }
  const deployed = await deployStack({
    ...planned,
    onPlan: (plan) => linesOfPlan(plan).forEach(note),
    onProgress: (event) => note(lineOfEvent(event)),
  })
  const outputs = Object.entries(deployed.outputs)
  const told = facts([['stack', deployed.name], ['result', deployed.result], ...outputs])
  return { value: deployed, lines: told }
}

function stackOf({ values }: Context) {
  const name = values.operand
  if (!Object.hasOwn(stacks, name)) throw usage('stack', `it is none of ${names}`)
  return stacks[name as StackName] // one of its own
}

const optionsOf = (context: Context): Promise<unknown> =>
  readJson(context, '--options', context.values.required('options'))

/** No options are as long, and a device or a pipe may have no end. */
const MAX_JSON_BYTES = 1_048_576

/** Strict: of two equal keys one would be passed over. */
async function readJson(context: Context, option: string, file: string): Promise<unknown> {
  const { text } = await readInput(context, option, file, {
    maxBytes: MAX_JSON_BYTES,
    tooLarge: () => usage(option, `the file has more than ${MAX_JSON_BYTES} bytes`),
  })
  if (text.startsWith('\u{feff}'))
    throw usage(option, 'it begins with a byte order mark: write it as UTF-8 without one')
  const parsed = parseStrictJson(text)
  if (parsed.reason !== undefined) throw usage(option, parsed.reason)
  return parsed.value
}

/** Packed in any case, so that a plan shows what a deployment would; put into the bucket by that one. */
async function withCode(
  context: Context,
  options: unknown,
  client: StackClientConfig,
): Promise<unknown> {
  const { values, signal, note } = context
  const bucket = values.optional('code-bucket')
  const file = values.optional('document')
  if (bucket === undefined && file === undefined) return options
  if (values.operand !== 'remote-signer' || bucket === undefined || file === undefined)
    throw usage('--code-bucket', 'it goes with --document, and both with remote-signer')
  const document = (await readJson(context, '--document', file)) as SignerDocument // checked by `packRemoteSigner`
  const code = await packRemoteSigner({ document })
  note(`Code: ${code.byteLength} bytes, SHA-256 ${code.sha256}`)
  if (values.flag('yes')) await uploadRemoteSigner({ client, bucket, code, signal })
  const given = typeof options === 'object' && options !== null ? options : {}
  return { ...given, code: { bucket, key: code.key } }
}

function clientOf(context: Context): StackClientConfig {
  const { client } = kmsSettings(context)
  // Of the options, since a client is never given here.
  const { region, profile, endpoint } = 'config' in client ? {} : client
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
  }
}

/** How long a call may take, and how often is asked: what runs here is done at once. */
function paceOf(context: Context, { endpoint }: StackClientConfig) {
  const requestTimeoutMs = timeoutMs(context)
  return {
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    ...(endpoint === undefined ? {} : { pollMs: 50 }),
  }
}

function defaultName(kind: string, { Metadata }: Template): string {
  const { environment } = Metadata.FclKms
  return typeof environment === 'string' ? `fcl-kms-${kind}-${environment}` : `fcl-kms-${kind}`
}

const linesOfPlan = ({
  name,
  accountId,
  region,
  exists,
  changes,
}: StackPlan): readonly string[] => [
  `${exists ? 'Stack' : 'New stack'} ${name} in ${region} of ${accountId}:`,
  ...(changes.length === 0 ? ['  nothing would change'] : table(changes.map(rowOf))),
]

const rowOf = ({ action, logicalId, type, properties }: StackChange) => [
  `  ${action}`,
  logicalId,
  type,
  action === 'add' ? '' : properties.join(', '),
]

const lineOfEvent = ({ status, logicalId, type, reason }: StackEvent) =>
  `${status} ${logicalId} (${type})${reason === undefined ? '' : `: ${reason}`}`
