/** What starts the container of the admin server: by ECS a role of its own, and a task definition. @module */

import { serviceRole } from '../roles.ts'
import { documentOf, type Resource, ref, type Value } from '../template.ts'
import {
  type AdminServerOptions,
  type ReadyAdminServer,
  registryOf,
} from './admin-server-options.ts'

type Statement = { readonly [name: string]: Value }

/** Also named in the alarm of `watch` on what the server finds. */
export const logGroupOf = (environment: string): string => `/fcl-kms/${environment}/admin-server`

/** @returns What has to be allowed to whoever starts the container. */
export function starting({ environment, secrets, place, task }: ReadyAdminServer): Statement[] {
  const { partition, region, accountId } = place
  const log = `arn:${partition}:logs:${region}:${accountId}:log-group:${logGroupOf(environment)}:*`
  const registry = task === undefined ? undefined : registryOf(task.image)
  return [
    {
      Sid: 'ReadItsSecrets',
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: Object.values(secrets),
    },
    {
      Sid: 'WriteItsLog',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: log,
    },
    ...(registry === undefined
      ? []
      : [
          {
            Sid: 'AskTheRegistry',
            Effect: 'Allow',
            Action: 'ecr:GetAuthorizationToken',
            Resource: '*',
          },
          {
            Sid: 'FetchItsImage',
            Effect: 'Allow',
            Action: [
              'ecr:BatchCheckLayerAvailability',
              'ecr:BatchGetImage',
              'ecr:GetDownloadUrlForLayer',
            ],
            Resource: `arn:${partition}:ecr:${registry.region}:${registry.accountId}:repository/${registry.repository}`,
          },
        ]),
  ]
}

/** ECS takes it before the container runs; the server itself reads no secret and fetches no image. */
export const executionRole = (ready: ReadyAdminServer): Resource =>
  serviceRole({
    ...{
      name: `${ready.roleName}-execution`,
      service: 'ecs-tasks',
      environment: ready.environment,
    },
    ...{ partition: ready.place.partition, accountId: ready.place.accountId },
    description: `Starts the admin server: ${ready.environment}`,
    policies: { start: documentOf(starting(ready)) },
  })

/** The container as it is; balancer, service and configuration are of whoever runs containers. */
export const taskOf = (
  { environment, roleArn, roleExists, secrets, place }: ReadyAdminServer,
  { image, publicUrl }: NonNullable<AdminServerOptions['task']>,
): Resource => ({
  Type: 'AWS::ECS::TaskDefinition',
  ...(roleExists ? {} : { DependsOn: ['Role'] }),
  Properties: {
    Family: `fcl-kms-admin-server-${environment}`,
    RequiresCompatibilities: ['FARGATE'],
    NetworkMode: 'awsvpc',
    Cpu: '1024',
    Memory: '2048',
    TaskRoleArn: roleArn,
    ExecutionRoleArn: { 'Fn::GetAtt': ['ExecutionRole', 'Arn'] },
    ContainerDefinitions: [
      {
        Name: 'admin-server',
        Image: image,
        Essential: true,
        ReadonlyRootFilesystem: true,
        PortMappings: [{ ContainerPort: 8080 }],
        Environment: Object.entries({
          AWS_REGION: place.region,
          HOST: '0.0.0.0',
          PUBLIC_URL: publicUrl,
        }).map(([Name, Value]) => ({ Name, Value })),
        Secrets: Object.entries(secrets).map(([Name, ValueFrom]) => ({ Name, ValueFrom })),
        // ECS does not read the one of the image.
        HealthCheck: { Command: ['CMD', 'node', '-e', healthy], Timeout: 5, StartPeriod: 30 },
        LogConfiguration: {
          LogDriver: 'awslogs',
          Options: {
            'awslogs-group': ref('LogGroup'),
            'awslogs-region': place.region,
            'awslogs-stream-prefix': 'admin-server',
          },
        },
      },
    ],
  },
})

/** The HEALTHCHECK of its Containerfile. */
const healthy = `fetch(\`http://127.0.0.1:\${process.env.PORT || 8080}/healthz\`, { signal: AbortSignal.timeout(4000) }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`
