/** What the template of a stack says: which stack of ours it is, and the policies of its keys. @module */

import type { StackSession } from '../session.ts'
import { METADATA } from '../stack-status.ts'

/** As it was deployed last; of a template that is not ours, or YAML, nothing. */
export type DeployedTemplate = {
  readonly kind?: string
  /** By logical id. Ours have nothing that CloudFormation would resolve. */
  readonly keyPolicies: Readonly<Record<string, unknown>>
}

export const noTemplate: DeployedTemplate = Object.freeze({ keyPolicies: {} })

export async function deployedTemplate(
  { sdk, call }: StackSession,
  StackName: string,
): Promise<DeployedTemplate> {
  const command = new sdk.GetTemplateCommand({ StackName, TemplateStage: 'Original' })
  const { TemplateBody = '' } = await call('cloudformation:GetTemplate', (client, sending) =>
    client.send(command, sending),
  )
  try {
    // What it is, is looked at below.
    const { Metadata, Resources = {} } = JSON.parse(TemplateBody) as {
      Metadata?: Record<string, { stack?: unknown }>
      Resources?: Record<string, { Properties?: { KeyPolicy?: unknown } }>
    }
    const kind = Metadata?.[METADATA]?.stack
    const policies = Object.entries(Resources).map(
      ([id, { Properties }]) => [id, Properties?.KeyPolicy] as const,
    )
    if (typeof kind !== 'string') return noTemplate
    const keyPolicies = Object.fromEntries(policies.filter(([, policy]) => policy !== undefined))
    return { kind, keyPolicies }
  } catch {
    return noTemplate
  }
}
