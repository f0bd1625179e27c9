/** Whether region, key and host belong together. @module */

const ARN =
  /^arn:(?<partition>aws|aws-cn|aws-us-gov):kms:(?<region>[a-z0-9-]+):\d{12}:key\/(?<id>.+)$/
const KEY_ID = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/

/**
 * @param isOfAws - Whether the host has to be one that AWS has for KMS in this Region.
 * @returns What is wrong, or undefined.
 */
export function hostFault(place: {
  readonly region: string
  readonly keyId: string
  readonly host: string
  readonly isOfAws: boolean
}): string | undefined {
  const { region, keyId, host, isOfAws } = place
  const arn = ARN.exec(keyId)?.groups
  if (arn === undefined || !KEY_ID.test(arn['id'] ?? ''))
    return 'kms.keyId: it is not the ARN of a KMS key'
  if (arn['region'] !== region)
    return `kms.keyId: it is a key of ${arn['region']}, and kms.region is ${region}`
  if (!isOfAws || isHostOfKms(host, region, arn['partition'] === 'aws-cn')) return undefined
  return `kms.host: it is not a host of KMS in ${region}`
}

/** @param isInChina - Whether its partition is `aws-cn`, whose domain is another. */
export function isHostOfKms(host: string, region: string, isInChina: boolean): boolean {
  const domain = isInChina ? 'amazonaws.com.cn' : 'amazonaws.com'
  const public_ = [`kms.${region}.${domain}`, `kms-fips.${region}.${domain}`]
  const endpoint = `.kms.${region}.vpce.${domain}`
  return (
    public_.includes(host) ||
    (host.endsWith(endpoint) && /^vpce-[a-z0-9-]+$/.test(host.slice(0, -endpoint.length)))
  )
}
