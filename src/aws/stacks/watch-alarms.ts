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

type Alarm = Metric & { readonly description: string; readonly over: number }

/** @returns Alarms, and the filters that count what they are about. */
export function alarmsOf(ready: ReadyWatch): Readonly<Record<string, Resource>> {
  const { functionName, trail, trailLog } = ready
  const filters = {
    ...(trailLog === undefined ? {} : trailFilters(ready, trailLog, trail ? ['TrailLog'] : [])),
    ...(functionName === undefined ? {} : { RefusalFilter: refusals(ready, functionName) }),
  }
  const alarms = Object.entries(namedAlarms(ready)).map(
    ([id, alarm]) => [id, alarmOf(alarm, ready)] as const,
  )
  return { ...filters, ...Object.fromEntries(alarms) }
}

function namedAlarms(ready: ReadyWatch): Readonly<Record<string, Alarm>> {
  const { functionName, trailLog, expectedSigns, expectedRefusals } = ready
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
  }
}

const alarmOf = (
  { description, namespace, name, dimensions = {}, over }: Alarm,
  { environment }: ReadyWatch,
): Resource => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: `${description}: ${environment}`,
    Namespace: namespace,
    MetricName: name,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: 'Sum',
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: over,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [ref('Topic')],
    OKActions: [ref('Topic')],
  },
})

function trailFilters(
  { environment, keyArns }: ReadyWatch,
  LogGroupName: string,
  DependsOn: readonly string[],
): Readonly<Record<string, Resource>> {
  const keys = keyArns.map((arn) => `($.resources[0].ARN = "${arn}")`).join(' || ')
  const signs = `($.eventSource = "kms.amazonaws.com*") && ($.eventName = "Sign") && (${keys})`
  const filter = (name: string, FilterPattern: string): Resource => ({
    Type: 'AWS::Logs::MetricFilter',
    ...(DependsOn.length === 0 ? {} : { DependsOn }),
    Properties: {
      LogGroupName,
      FilterPattern,
      MetricTransformations: [
        {
          MetricNamespace: NAMESPACE,
          MetricName: `${environment}-${name}`,
          MetricValue: '1',
          DefaultValue: 0,
        },
      ],
    },
  })
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
const refusals = ({ environment }: ReadyWatch, functionName: string): Resource => ({
  Type: 'AWS::Logs::MetricFilter',
  Properties: {
    LogGroupName: `/aws/lambda/${functionName}`,
    FilterPattern: '{ ($.fclKms = "request") && ($.outcome = "refused") }',
    MetricTransformations: [
      {
        MetricNamespace: NAMESPACE,
        MetricName: `${environment}-Refused`,
        MetricValue: '1',
        DefaultValue: 0,
      },
    ],
  },
})

/** @returns One panel for each alarm. */
export function dashboardOf(ready: ReadyWatch): Resource {
  const widgets: Value = Object.values(namedAlarms(ready)).map(
    ({ description, namespace, name, dimensions = {}, over }, index) => ({
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
        period: 300,
        annotations: { horizontal: [{ label: 'alarm', value: over }] },
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
