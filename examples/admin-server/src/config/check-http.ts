/** Checks of how the server is reached, and of whom it believes. @module */

import { assertWebhookUrl } from '../webhooks/address-guard.ts'
import { cidrPrefix, isHost, isLoopbackHost, originProblem, urlProblem } from './forms.ts'
import type { Partly } from './partly.ts'
import { type Mistake, mistake, type ProblemId } from './problems.ts'
import type { FileSettings } from './schema.ts'

/** The server itself speaks plain HTTP: who may reach it directly has to be said. */
export function checkHttp({ http }: Partly<FileSettings>): readonly Mistake[] {
  const found: Mistake[] = []
  const { host, port, publicUrl } = http ?? {}
  const urlWrong = publicUrl === undefined ? undefined : originProblem(publicUrl)
  if (urlWrong !== undefined) found.push(mistake(urlWrong, ['http', 'publicUrl']))
  if (host !== undefined) {
    const open = [...(http?.trustedProxies ?? []), ...(http?.allowedNetworks ?? [])].length === 0
    if (!isHost(host)) found.push(mistake('HOST_INVALID', ['http', 'host']))
    else if (!isLoopbackHost(host)) {
      if (open) found.push(mistake('HOST_OPEN', ['http', 'host']))
      if (http !== undefined && !('publicUrl' in http))
        found.push(mistake('PUBLIC_URL_MISSING', ['http', 'publicUrl']))
    }
  }
  if (publicUrl !== undefined && urlWrong === undefined && port !== undefined) {
    const url = new URL(publicUrl)
    const plain = url.protocol === 'http:' // so it is on loopback
    if (!plain && http?.trustedProxies?.length === 0)
      found.push(mistake('PROXIES_MISSING', ['http', 'trustedProxies']))
    if (plain && Number(url.port || 80) !== port)
      found.push(mistake('PUBLIC_URL_PORT', ['http', 'publicUrl']))
  }
  return [...found, ...checkRanges(http)]
}

function checkRanges(http: Partly<FileSettings>['http']): readonly Mistake[] {
  const found: Mistake[] = []
  for (const name of ['trustedProxies', 'allowedNetworks'] as const)
    for (const [index, range] of (http?.[name] ?? []).entries()) {
      if (range === undefined) continue
      const place = ['http', name, index]
      const prefix = cidrPrefix(range)
      if (prefix === undefined) found.push(mistake('CIDR_INVALID', place))
      else if (name === 'trustedProxies' && prefix === 0)
        found.push(mistake('PROXIES_TOO_WIDE', place))
    }
  return found
}

/** Who vouches for principals from elsewhere. */
export function checkOidc({ oidc }: Partly<FileSettings>): readonly Mistake[] {
  const found: Mistake[] = []
  for (const name of ['issuer', 'jwksUrl'] as const) {
    const url = oidc?.[name]
    const problem = url === undefined ? undefined : urlProblem(url)
    if (problem !== undefined) found.push(mistake(problem, ['oidc', name]))
  }
  for (const value of Object.keys(oidc?.roles ?? {}))
    if (!/^[ -~]{1,200}$/.test(value))
      found.push(mistake('CLAIM_INVALID', ['oidc', 'roles', value]))
  return found
}

/** @param secret - From the environment; never shown. */
export function checkWebhooks(
  { webhooks, audit }: Partly<FileSettings>,
  secret: { readonly name: string; readonly value?: string | undefined } | undefined,
): readonly Mistake[] {
  const allow = webhooks?.allow ?? []
  const found: Mistake[] = []
  for (const [index, origin] of allow.entries()) {
    if (origin === undefined) continue
    const place = ['webhooks', 'allow', index]
    const problem: ProblemId | undefined = originProblem(origin)
    if (problem !== undefined) found.push(mistake(problem, place))
    else if (allow.indexOf(origin) < index) found.push(mistake('DUPLICATE', place))
  }
  const url = audit?.reconciliation?.webhookUrl
  if (url !== undefined && !isWebhookUrl(url, allow))
    found.push(mistake('WEBHOOK_NOT_ALLOWED', ['audit', 'reconciliation', 'webhookUrl']))
  if (secret === undefined) {
    if (allow.length > 0) found.push(mistake('SECRET_MISSING', 'WEBHOOK_SECRET'))
  } else if (secret.value !== undefined && Buffer.byteLength(secret.value) < 32)
    found.push(mistake('SECRET_TOO_SHORT', secret.name))
  return found
}

function isWebhookUrl(url: string, allow: readonly (string | undefined)[]): boolean {
  try {
    assertWebhookUrl(
      url,
      allow.flatMap((origin) => (origin === undefined ? [] : [origin])),
    )
    return true
  } catch {
    return false // told with a remedy of its own
  }
}
