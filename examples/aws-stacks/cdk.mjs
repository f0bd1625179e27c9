/**
 * The stack `signing-keys` in an app of the AWS CDK: `cdk deploy --app 'node cdk.mjs'`. It is the same
 * template that `fcl-kms aws template` prints. @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { App, CfnOutput, Stack } from 'aws-cdk-lib'
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include'
import { signingKeysStack } from 'fcl-kms/aws'

const template = signingKeysStack({
  environment: 'production',
  adminRoleArn: 'arn:aws:iam::111122223333:role/key-admin',
  signer: { roleName: 'signer-production', service: 'lambda' },
  keys: [{ name: 'minter' }],
})
const app = new App()
// CDK takes a template as a file.
const templateFile = join(app.outdir, 'signing-keys.json')
writeFileSync(templateFile, JSON.stringify(template))

const stack = new Stack(app, 'SigningKeys')
const keys = new CfnInclude(stack, 'Template', { templateFile })
// Each resource is one of CDK's, by its logical id, for what else is in the app.
new CfnOutput(stack, 'MinterOfTheApp', {
  value: keys.getResource('KeyMinter').getAtt('Arn').toString(),
})
