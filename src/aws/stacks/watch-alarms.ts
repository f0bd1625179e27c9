/** Alarms on numbers, and the dashboard that shows them. @module */

import { type Resource, ref, type Value } from '../template.ts'
import type { ReadyWatch } from './watch-options.ts'

/** Of the metrics that are made of logs. */
const NAMESPACE = 'fcl-kms'

type Metric = {
  readonly namespace: string
  readonly name: string
  readonly dimensions?: Readonly<Record<string, string>>
}

type Alarm = Metric & {
  readonly description: string
} & (
    | { /** In five minutes. */ readonly over: number }
    | { /** In each of three hours. */ readonly under: number }
  )

/** @returns Alarms, and the filters that count what they are about. */
export function alarmsOf(ready: ReadyWatch): Readonly<Record<string, Resource>> {
  const { functionName, trail, trailLog, reconciliationLog } = ready
  const filters = {
    ...(trailLog === undefined ? {} : trailFilters(ready, trailLog, trail ? ['TrailLog'] : [])),
    ...(functionName === undefined ? {} : { RefusalFilter: refusals(ready, functionName) }),
    ...(reconciliationLog === undefined ? {} : reconciliationFilters(ready, reconciliationLog)),
  }
  const alarms = Object.entries(namedAlarms(ready)).map(
    ([id, alarm]) => [id, alarmOf(alarm, ready)] as const,
  )
  return { ...filters, ...Object.fromEntries(alarms) }
}

function namedAlarms(ready: ReadyWatch): Readonly<Record<string, Alarm>> {
  const { functionName, trailLog, reconciliationLog, expectedSigns, expectedRefusals } = ready
  const lambda = (name: string) => ({
    ...{ namespace: 'AWS/Lambda', name },
    dimensions: { FunctionName: functionName ?? '' },
  })
  const own = (name: string) => ({ namespace: NAMESPACE, name: `${ready.environment}-${name}` })
  return {
    ...(trailLog === undefined
      ? {}
      : {
          SignRateAlarm: {
            ...own('Sign'),
            over: expectedSigns,
            description: 'More signatures than expected',
          },
          SignErrorAlarm: { ...own('SignErrors'), over: 0, description: 'KMS refused to sign' },
          KmsThrottlingAlarm: {
            ...own('KmsThrottled'),
            over: 0,
            description: 'KMS throttles: the quota is used up',
          },
        }),
    ...(functionName === undefined
      ? {}
      : {
          SignerErrorAlarm: {
            ...lambda('Errors'),
            over: 0,
            description: 'The remote signer failed',
          },
          SignerThrottlingAlarm: {
            ...lambda('Throttles'),
            over: 0,
            description: 'The remote signer is throttled',
          },
          RefusalAlarm: {
            ...own('Refused'),
            over: expectedRefusals,
            description: 'The remote signer refuses what it is asked',
          },
        }),
    ...(reconciliationLog === undefined
      ? {}
      : {
          ForeignSignatureAlarm: {
            ...own('Foreign'),
            over: 0,
            description: 'A signature that is not ours',
          },
          ReconciliationStoppedAlarm: {
            ...own('Reconciled'),
            under: 1,
            description: 'Nobody compares CloudTrail with our records',
          },
        }),
  }
}

const alarmOf = (alarm: Alarm, { environment }: ReadyWatch): Resource => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: `${alarm.description}: ${environment}`,
    Namespace: alarm.namespace,
    MetricName: alarm.name,
    Dimensions: Object.entries(alarm.dimensions ?? {}).map(([Name, Value]) => ({ Name, Value })),
    Statistic: 'Sum',
    ...('over' in alarm
      ? {
          ...{ Period: 300, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' },
          ...{ Threshold: alarm.over, ComparisonOperator: 'GreaterThanThreshold' },
        }
      : {
          // No line at all is what it is about.
          ...{ Period: 3600, EvaluationPeriods: 3, TreatMissingData: 'breaching' },
          ...{ Threshold: alarm.under, ComparisonOperator: 'LessThanThreshold' },
        }),
    AlarmActions: [ref('Topic')],
    OKActions: [ref('Topic')],
  },
})

function trailFilters(
  { environment, keyArns }: ReadyWatch,
  log: string,
  DependsOn: readonly string[],
): Readonly<Record<string, Resource>> {
  const keys = keyArns.map((arn) => `($.resources[0].ARN = "${arn}")`).join(' || ')
  const signs = `($.eventSource = "kms.amazonaws.com*") && ($.eventName = "Sign") && (${keys})`
  const filter = (name: string, pattern: string) =>
    filterOf(environment, { log, name, pattern, DependsOn })
  return {
    SignFilter: filter('Sign', `{ ${signs} && ($.errorCode NOT EXISTS) }`),
    SignErrorFilter: filter('SignErrors', `{ ${signs} && ($.errorCode = "*") }`),
    // A throttled call does not always name its key.
    KmsThrottlingFilter: filter(
      'KmsThrottled',
      '{ ($.eventSource = "kms.amazonaws.com*") && ($.errorCode = "ThrottlingException") }',
    ),
  }
}

/** The Lambda writes one line for each request. */
const refusals = ({ environment }: ReadyWatch, functionName: string): Resource =>
  filterOf(environment, {
    log: `/aws/lambda/${functionName}`,
    name: 'Refused',
    pattern: '{ ($.fclKms = "request") && ($.outcome = "refused") }',
  })

/** The admin server writes lines of JSON, the command a text. */
function reconciliationFilters(
  { environment }: ReadyWatch,
  log: string,
): Readonly<Record<string, Resource>> {
  const filter = (name: string, pattern: string) => filterOf(environment, { log, name, pattern })
  return {
    ForeignFilter: filter('Foreign', '{ ($.msg = "reconciliation") && ($.found = "foreign") }'),
    ForeignTextFilter: filter('Foreign', '"NOT OURS"'),
    ReconciledFilter: filter('Reconciled', '{ $.msg = "reconciled" }'),
    ReconciledTextFilter: filter('Reconciled', '"ours, and in CloudTrail"'),
  }
}

/** One more for each line that fits. */
function filterOf(
  environment: string,
  filter: {
    readonly log: string
    readonly name: string
    readonly pattern: string
    readonly DependsOn?: readonly string[]
  },
): Resource {
  const { log, name, pattern, DependsOn = [] } = filter
  return {
    Type: 'AWS::Logs::MetricFilter',
    ...(DependsOn.length === 0 ? {} : { DependsOn }),
    Properties: {
      LogGroupName: log,
      FilterPattern: pattern,
      MetricTransformations: [
        {
          MetricNamespace: NAMESPACE,
          MetricName: `${environment}-${name}`,
          MetricValue: '1',
          DefaultValue: 0,
        },
      ],
    },
  }
}

/** @returns One panel for each alarm. */
export function dashboardOf(ready: ReadyWatch): Resource {
  const widgets: Value = Object.values(namedAlarms(ready)).map(
    ({ description, namespace, name, dimensions = {}, ...bound }, index) => ({
      type: 'metric',
      x: (index % 3) * 8,
      y: Math.floor(index / 3) * 6,
      width: 8,
      height: 6,
      properties: {
        title: description,
        region: ready.place.region,
        metrics: [[namespace, name, ...Object.entries(dimensions).flat()]],
        stat: 'Sum',
        period: 'over' in bound ? 300 : 3600,
        annotations: {
          horizontal: [{ label: 'alarm', value: 'over' in bound ? bound.over : bound.under }],
        },
      },
    }),
  )
  return {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: {
      DashboardName: `fcl-kms-${ready.environment}`,
      DashboardBody: JSON.stringify({ widgets }),
    },
  }
}
