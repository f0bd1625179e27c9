import { readFileSync } from 'node:fs'
import { watchStack } from '../../../src/aws/index.ts'

const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
const sections = page.split(/^(?=##+ )/m).slice(1)

const account = 'arn:aws:iam::111122223333'
/** With everything that it can have. */
const { Resources } = watchStack({
  environment: 'production',
  keyArns: ['arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9'],
  signerRoleArns: [`${account}:role/flow-signer`],
  adminRoleArn: `${account}:role/key-admin`,
  expectedSignsPerFiveMinutes: 3000,
  functionName: 'fcl-kms-production',
  trail: true,
  reconciliationLogGroupName: '/fcl-kms/production/admin-server',
})
const watching = Object.entries(Resources).flatMap(([id, { Type }]) =>
  /^AWS::(CloudWatch::Alarm|Events::Rule)$/.test(Type) ? [id] : [],
)
const ofId = (id: string) => sections.filter((section) => section.includes(`\`${id}\``))

describe('the page of operations', () => {
  it.each(watching)('has one section for %s: what it means, and what to do', (id) => {
    const [section, ...more] = ofId(id)
    expect(section).toMatch(/\*\*Means\*\*/)
    expect(section).toMatch(/\*\*Do\.\*\*/)
    expect(more).toEqual([])
  })

  it('names no alarm and no rule that the stack does not have', () => {
    const named = [...page.matchAll(/`(\w+(?:Alarm|Rule))`/g)].map(([, id]) => id)
    expect([...new Set(named)].sort()).toEqual([...watching].sort())
  })
})
