/** Who may take a role. @module */
import { role } from '../../../support/stack-variants.ts'
import { ADMIN, fromElsewhere, fromHere, may, mayNot, type Question, STRANGER } from './question.ts'

const SERVICES = ['lambda.amazonaws.com', 'ecs-tasks.amazonaws.com', 'ec2.amazonaws.com']

/** @returns That this service takes the role, and nobody else: not by IAM either. */
export function takenBy(service: string, name: string): Question[] {
  const on = role(name)
  const take = 'sts:AssumeRole'
  return [
    ...may(service, take, on, { context: fromHere }),
    // Only ECS tells for whom it asks.
    ...(service === 'ecs-tasks.amazonaws.com'
      ? mayNot(service, take, on, { context: fromElsewhere })
      : []),
    ...SERVICES.filter((other) => other !== service).flatMap((other) =>
      mayNot(other, take, on, { context: fromHere }),
    ),
    ...[ADMIN, STRANGER].flatMap((who) => mayNot(who, take, on)),
  ]
}
