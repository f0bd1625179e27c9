/**
 * The Lambda of the stack `remote-signer`: one key of KMS behind the policy that was packed with it.
 * Settings by environment: `KMS_KEY_ID`; `LEDGER_TABLE`, a table of DynamoDB; `SIGNER_DOCUMENT`,
 * instead of the file `signer.json` beside this one.
 * @module
 */

import { readFileSync } from 'node:fs'
import { SignerError } from '../errors.ts'
import { createAwsKmsSigner } from '../signers/aws-kms/index.ts'
import { createDynamoDbLedger, lambdaHandler } from '../signing-service/index.ts'
import { parseDocument, serviceOf } from './document.ts'

const { KMS_KEY_ID: keyId = '', LEDGER_TABLE: table = '', SIGNER_DOCUMENT: text } = process.env
if (keyId === '')
  throw new SignerError('INVALID_OPTION', { option: 'KMS_KEY_ID', reason: 'it is not set' })

/** No access key and no message is in it: one line of CloudWatch Logs for each request. */
const onRequest = (event: object) => console.log(JSON.stringify({ fclKms: 'request', ...event }))

async function ledgerOf() {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb')
  return createDynamoDbLedger({ client: new DynamoDBClient({}), table })
}

const file = new URL('signer.json', import.meta.url)
const service = serviceOf(parseDocument(text ?? readFileSync(file, 'utf8')), {
  signer: createAwsKmsSigner({ client: {}, keyId }),
  onRequest,
  ...(table === '' ? {} : { ledger: await ledgerOf() }),
})

export const handler: ReturnType<typeof lambdaHandler> = lambdaHandler(service)
