import { readFileSync } from 'node:fs'
import { loadConfig } from '../../../../examples/admin-server/src/config/load.ts'
import { fileSchema } from '../../../../examples/admin-server/src/config/schema.ts'
import { knownFunctions } from './support.ts'

const folder = 'examples/admin-server/configurations'
const shipped = (name: string) =>
  loadConfig({ path: `${folder}/${name}`, environment: {}, knownFunctions })

describe('the configurations that are shipped', () => {
  it.each(['two-keys.json', 'three-keys.json'])('%s has neither mistakes nor warnings', (name) => {
    const { config, warnings } = shipped(name)
    expect(warnings).toEqual([])
    expect(config.webhooks).toEqual({ allow: [] })
  })

  it('two-keys.json has a key that is automatic, and one of two approvers', () => {
    expect(shipped('two-keys.json').config.account.keys.map(({ signs }) => signs)).toEqual([
      'automatic',
      { approvers: ['alice', 'bob'] },
    ])
  })

  it('three-keys.json has one key for each of three approvers', () => {
    expect(shipped('three-keys.json').config.account.keys.map(({ signs }) => signs)).toEqual([
      { approvers: ['alice'] },
      { approvers: ['bob'] },
      { approvers: ['carol'] },
    ])
  })

  it('are explained field by field', () => {
    const readme = readFileSync(`${folder}/README.md`, 'utf8')
    for (const [section, schema] of Object.entries(fileSchema.properties)) {
      const properties: object = 'properties' in schema ? schema.properties : {}
      for (const field of Object.keys(properties))
        expect([
          section,
          field,
          readme.includes(`\`${field}\``) || readme.includes(`${section}.${field}`),
        ]).toEqual([section, field, true])
    }
  })
})
