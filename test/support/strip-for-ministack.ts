/** Templates for MiniStack: without the conditions that it cannot evaluate, and nothing else. @module */

/** Measured: an Allow on one of these never matches, a Deny by StringNotEquals always does. */
const unknown =
  /^kms:(MessageType|SigningAlgorithm|RequestAlias|ResourceAliases|EncryptionContext:.+)$/

/**
 * Those that MiniStack evaluates as AWS does, or that no test here depends on. It knows no attestation, and
 * calls of CloudFormation as its own: a Deny that needs one holds always, as for whoever has none.
 */
const evaluated =
  /^(aws:(PrincipalTag\/\w+|SourceIp|SourceVpce|SourceArn|SourceAccount|PrincipalAccount|PrincipalType|SecureTransport|CalledViaFirst)|kms:(KeyOrigin|KeySpec|KeyUsage|ReplicaRegion|ViaService|CallerAccount|GrantIsForAWSResource|RecipientAttestation:(ImageSha384|PCR\d+))|lambda:\w+|s3:x-amz-acl)$/

/**
 * `aws:PrincipalArn` is kept: MiniStack takes the ARN of the session where AWS takes that of the role,
 * so both are named. A Deny of which nothing is left but its unknown conditions goes, since it would
 * deny all.
 *
 * @returns A copy.
 * @throws {Error} For a condition key that nobody has looked at.
 */
export function stripForMiniStack<T>(value: T): T {
  return strip(value) as T // the same shape, less some conditions
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip).filter((one) => one !== undefined)
  if (typeof value !== 'object' || value === null) return value
  const { Condition, ...rest } = value as { Condition?: unknown; Effect?: unknown }
  const copy = Object.fromEntries(Object.entries(rest).map(([name, field]) => [name, strip(field)]))
  if (rest.Effect === undefined || typeof Condition !== 'object' || Condition === null)
    return Condition === undefined ? copy : { ...copy, Condition }
  const kept = conditionOf(Condition)
  if (kept !== undefined) return { ...copy, Condition: kept }
  return rest.Effect === 'Deny' ? undefined : copy
}

function conditionOf(condition: object): object | undefined {
  const operators = Object.entries(condition).flatMap(([operator, keys]) => {
    const kept = Object.entries(keys as object).flatMap(([key, values]) => {
      if (unknown.test(key)) return []
      if (key === 'aws:PrincipalArn') return [[key, withSessions(values)] as const]
      if (evaluated.test(key)) return [[key, values] as const]
      throw new Error(`Nobody knows what MiniStack makes of the condition key ${key}`)
    })
    return kept.length === 0 ? [] : [[operator, Object.fromEntries(kept)] as const]
  })
  return operators.length === 0 ? undefined : Object.fromEntries(operators)
}

const withSessions = (values: unknown): readonly unknown[] =>
  [values].flat().flatMap((arn) => {
    const [, partition, account, path = ''] =
      /^arn:([a-z-]+):iam::(\d{12}):role\/(.+)$/.exec(String(arn)) ?? []
    const name = path.split('/').at(-1)
    return partition === undefined
      ? [arn]
      : [arn, `arn:${partition}:sts::${account}:assumed-role/${name}/*`]
  })
