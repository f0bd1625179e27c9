/** What watches a stack: alarms, rules of EventBridge, and the trail. @module */

import { checkOf, type Finding } from '../../diagnosis/finding.ts'
import { load } from '../session.ts'
import { checked, partsOf, type StackQuestion } from './stack-parts.ts'

export const diagnoseWatch = async (question: StackQuestion): Promise<readonly Finding[]> =>
  (
    await Promise.all([diagnoseAlarms(question), diagnoseRules(question), diagnoseTrail(question)])
  ).flat()

const redeploy = 'Deploy the stack again; somebody changed it by hand.'

async function diagnoseAlarms(question: StackQuestion): Promise<readonly Finding[]> {
  const alarms = partsOf(question, 'AWS::CloudWatch::Alarm').map(({ id }) => id)
  if (alarms.length === 0) return []
  const sdk = await load('@aws-sdk/client-cloudwatch', () => import('@aws-sdk/client-cloudwatch'))
  const client = new sdk.CloudWatchClient(question.config)
  const findings = await checked('alarm', undefined, async () => {
    const { MetricAlarms = [] } = await question.session.bounded(
      'cloudwatch:DescribeAlarms',
      (abortSignal) =>
        client.send(new sdk.DescribeAlarmsCommand({ AlarmNames: alarms, MaxRecords: 100 }), {
          abortSignal,
        }),
    )
    return alarms.map((name) => {
      const check = checkOf('alarm', name)
      const alarm = MetricAlarms.find(({ AlarmName }) => AlarmName === name)
      if (alarm === undefined) return check.problem('it is gone', redeploy)
      if (alarm.ActionsEnabled === false)
        return check.problem('it tells nobody: its actions are off', 'Enable its actions.')
      if ((alarm.AlarmActions ?? []).length === 0)
        return check.problem('it tells nobody: it has no action', redeploy)
      return alarm.StateValue === 'ALARM'
        ? check.warning('it is in alarm', 'See what it means in docs/operations.md.')
        : check.ok(alarm.StateValue ?? 'no state')
    })
  })
  client.destroy()
  return findings
}

async function diagnoseRules(question: StackQuestion): Promise<readonly Finding[]> {
  const rules = partsOf(question, 'AWS::Events::Rule')
  if (rules.length === 0) return []
  const sdk = await load('@aws-sdk/client-eventbridge', () => import('@aws-sdk/client-eventbridge'))
  const client = new sdk.EventBridgeClient(question.config)
  const { bounded } = question.session
  const findings = await Promise.all(
    rules.map(({ id }) => {
      // The name of the rule, or that of its bus before it.
      const Name = id.split('|').at(-1)
      return checked('rule', id, async () => {
        const check = checkOf('rule', id)
        const { State } = await bounded('events:DescribeRule', (abortSignal) =>
          client.send(new sdk.DescribeRuleCommand({ Name }), { abortSignal }),
        )
        // Also ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS, without which reads do not come.
        if (!State?.startsWith('ENABLED'))
          return [check.problem(`it is ${State}`, 'Enable the rule.')]
        const { Targets = [] } = await bounded('events:ListTargetsByRule', (abortSignal) =>
          client.send(new sdk.ListTargetsByRuleCommand({ Rule: Name }), { abortSignal }),
        )
        return Targets.length === 0
          ? [check.problem('it tells nobody: it has no target', redeploy)]
          : [check.ok('enabled')]
      })
    }),
  )
  client.destroy()
  return findings.flat()
}

/** Of the account: whichever trail records the Sign calls of this Region will do. */
async function diagnoseTrail(question: StackQuestion): Promise<readonly Finding[]> {
  const sdk = await load('@aws-sdk/client-cloudtrail', () => import('@aws-sdk/client-cloudtrail'))
  const client = new sdk.CloudTrailClient(question.config)
  const { bounded } = question.session
  const findings = await checked('trail', undefined, async () => {
    const { trailList = [] } = await bounded('cloudtrail:DescribeTrails', (abortSignal) =>
      client.send(new sdk.DescribeTrailsCommand({}), { abortSignal }),
    )
    const check = checkOf('trail')
    if (trailList.length === 0)
      return [
        check.problem('there is none: only 90 days can be looked up', 'Deploy the stack watch.'),
      ]
    const states = await Promise.all(
      trailList.map(async ({ TrailARN: Name = '' }) => {
        const { IsLogging } = await bounded('cloudtrail:GetTrailStatus', (abortSignal) =>
          client.send(new sdk.GetTrailStatusCommand({ Name }), { abortSignal }),
        )
        if (IsLogging !== true) return { Name, lacks: 'it is off' }
        const told = await bounded('cloudtrail:GetEventSelectors', (abortSignal) =>
          client.send(new sdk.GetEventSelectorsCommand({ TrailName: Name }), { abortSignal }),
        )
        return { Name, lacks: whatItLeavesOut(told) }
      }),
    )
    const whole = states.find(({ lacks }) => lacks === undefined)
    if (whole !== undefined) return [checkOf('trail', whole.Name).ok('it records Sign calls')]
    return states.map(({ Name, lacks = '' }) =>
      checkOf('trail', Name).problem(
        lacks,
        'Start logging, and let it record management events of KMS, read and write.',
      ),
    )
  })
  client.destroy()
  return findings
}

type Selectors = {
  readonly EventSelectors?:
    | readonly {
        readonly ReadWriteType?: string | undefined
        readonly IncludeManagementEvents?: boolean | undefined
        readonly ExcludeManagementEventSources?: readonly string[] | undefined
      }[]
    | undefined
  readonly AdvancedEventSelectors?:
    | readonly {
        readonly FieldSelectors?:
          | readonly {
              readonly Field?: string | undefined
              readonly Equals?: readonly string[] | undefined
              readonly NotEquals?: readonly string[] | undefined
            }[]
          | undefined
      }[]
    | undefined
}

/** Sign is a management event that reads: a trail of writes alone does not have it. */
function whatItLeavesOut(told: Selectors): string | undefined {
  const { EventSelectors = [], AdvancedEventSelectors = [] } = told
  const records = [
    ...EventSelectors.map(
      ({ ReadWriteType = 'All', IncludeManagementEvents, ExcludeManagementEventSources = [] }) =>
        IncludeManagementEvents !== false &&
        ReadWriteType !== 'WriteOnly' &&
        !ExcludeManagementEventSources.some((source) => /^kms\./.test(source)),
    ),
    ...AdvancedEventSelectors.map(({ FieldSelectors = [] }) => {
      const of = (name: string) => FieldSelectors.filter(({ Field }) => Field === name)
      return (
        of('eventCategory').some(({ Equals = [] }) => Equals.includes('Management')) &&
        of('readOnly').every(({ Equals = [] }) => Equals.includes('true')) &&
        of('eventSource').every(
          ({ Equals, NotEquals = [] }) =>
            !NotEquals.includes('kms.amazonaws.com') &&
            (Equals === undefined || Equals.length === 0 || Equals.includes('kms.amazonaws.com')),
        )
      )
    }),
  ]
  return records.some(Boolean) ? undefined : 'it leaves out Sign, a read event of KMS'
}
