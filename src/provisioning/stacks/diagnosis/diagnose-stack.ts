/** A deployed stack as it is now: whether it still is what was deployed, and still watches. @module */

import { assertKnownKeys, invalid } from '../../../options.ts'
import { checkOf, type Finding } from '../../diagnosis/finding.ts'
import { openStacks, type StackSettings, settingNames } from '../session.ts'
import { deployedTemplate, noTemplate } from './deployed-template.ts'
import { diagnoseKeys } from './keys.ts'
import { diagnoseRoles } from './roles.ts'
import { checked, type StackPart, type StackQuestion } from './stack-parts.ts'
import { diagnoseWatch } from './watch.ts'

/** Options of `diagnoseStack`. */
export type DiagnoseStackOptions = StackSettings & {
  readonly name: string
  /** ARNs of keys of other stacks that the roles of this one may sign with. */
  readonly keyArns?: readonly string[]
}

/**
 * Whether the stack is whole; of its keys the state, a deletion that is pending, the policy by
 * `keyPolicyFaults` and by the template, and the last use; of its roles the policies by `policyFaults`,
 * or by what sealed keys need; its alarms and rules; and a trail that records Sign. What is wrong, or may not be read, is a finding and never thrown.
 *
 * @throws {SignerError} `INVALID_OPTION`, `AWS_SDK_MISSING`, and what tells that nobody can be asked:
 *   `AWS_REGION_INVALID`, `AWS_CONFIG_INVALID`, `AWS_CREDENTIALS_UNUSABLE`, `AWS_UNAVAILABLE`.
 */
export async function diagnoseStack(options: DiagnoseStackOptions): Promise<readonly Finding[]> {
  assertKnownKeys(options, [...settingNames, 'name', 'keyArns'])
  const { name, keyArns = [], ...settings } = options
  if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name))
    throw invalid('name', 'it is no name of a stack')
  if (!Array.isArray(keyArns)) throw invalid('keyArns', 'it is not a list')
  const session = await openStacks(settings)
  const { sdk, call, caller } = session
  const parts: StackPart[] = []
  const state = await checked('stack', name, async () => {
    const { Stacks = [] } = await call('cloudformation:DescribeStacks', (client, sending) =>
      client.send(new sdk.DescribeStacksCommand({ StackName: name }), sending),
    )
    let NextToken: string | undefined
    do {
      const told = await call('cloudformation:ListStackResources', (client, sending) =>
        client.send(new sdk.ListStackResourcesCommand({ StackName: name, NextToken }), sending),
      )
      for (const {
        LogicalResourceId,
        PhysicalResourceId,
        ResourceType,
      } of told.StackResourceSummaries ?? [])
        if (PhysicalResourceId !== undefined)
          parts.push({
            logicalId: LogicalResourceId ?? '',
            id: PhysicalResourceId,
            type: ResourceType ?? '',
          })
      NextToken = told.NextToken
    } while (NextToken !== undefined)
    return [stateOf(name, Stacks[0]?.StackStatus)]
  })
  if (parts.length === 0) return Object.freeze([...state])
  let template = noTemplate
  const reading = await checked('template', name, async () => {
    template = await deployedTemplate(session, name)
    return []
  })
  const { region, accountId, partition } = caller
  const own = parts
    .filter(({ type }) => type === 'AWS::KMS::Key')
    .map(({ id }) =>
      id.startsWith('arn:') ? id : `arn:${partition}:kms:${region}:${accountId}:key/${id}`,
    )
  const question: StackQuestion = {
    session,
    config: settings.client,
    parts,
    template,
    keyArns: [...own, ...keyArns],
  }
  const findings = [diagnoseKeys(question), diagnoseRoles(question), diagnoseWatch(question)]
  return Object.freeze([...state, ...reading, ...(await Promise.all(findings)).flat()])
}

function stateOf(name: string, status: string | undefined): Finding {
  const check = checkOf('stack', name)
  return status !== undefined && /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)
    ? check.ok(status)
    : check.problem(
        status ?? 'there is no such stack',
        'Deploy it again; its events say why it failed.',
      )
}
