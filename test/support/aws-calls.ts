/** Signed calls of AWS for which no client is installed. @module */

import { SignatureV4 } from '@smithy/signature-v4'
import { nodeSha256 } from '../../src/signers/remote/sha256.ts'
import type { AwsClientConfig } from '../../src/testing/start-aws.ts'

/** One call of AWS's query protocol, as the root of the account. */
export async function query(
  aws: AwsClientConfig,
  service: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const Version = service === 'iam' ? '2010-05-08' : '2010-05-15'
  const body = new URLSearchParams({ Version, ...parameters }).toString()
  const sent = { 'content-type': 'application/x-www-form-urlencoded' }
  const reply = await signedPost(aws, service, sent, body)
  const text = await reply.text()
  if (!reply.ok) throw new Error(`${parameters['Action']}: ${text}`)
  return text
}

async function signedPost(
  { endpoint, region, credentials }: AwsClientConfig,
  service: string,
  sent: Readonly<Record<string, string>>,
  body: string,
): Promise<Response> {
  const { hostname, port, host } = new URL(endpoint)
  const signer = new SignatureV4({ service, region, credentials, sha256: nodeSha256 })
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: '/',
    query: {},
    headers: { host, ...sent },
    body,
  })
  const { host: _, ...signed } = headers
  return fetch(endpoint, { method: 'POST', headers: signed, body })
}

/** @param target - For example `Logs_20140328.CreateLogGroup`. */
export async function jsonCall(
  as: AwsClientConfig,
  service: string,
  target: string,
  body: object,
): Promise<{ readonly status: number; readonly told: Readonly<Record<string, unknown>> }> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
  const reply = await signedPost(as, service, headers, JSON.stringify(body))
  const text = await reply.text()
  const told: Readonly<Record<string, unknown>> = text === '' ? {} : JSON.parse(text)
  return { told, status: reply.status }
}

/** The text of the first element of this name. */
export const element = (xml: string, name: string): string =>
  new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1] ?? ''
