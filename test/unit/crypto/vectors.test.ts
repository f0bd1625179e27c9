import { createHash } from 'node:crypto'
import { readOwn } from './vectors.ts'

describe('the vectors of our own', () => {
  const rows = [
    ...readOwn('README.md').matchAll(/^\| `([a-z-]+\.json)` +\|.*\| `([0-9a-f]{64})` \|$/gm),
  ].map(([, file = '', digest = '']) => ({ file, digest }))

  it.each(rows)('$file has the SHA-256 that the README gives', ({ file, digest }) => {
    expect(createHash('sha256').update(readOwn(file)).digest('hex')).toBe(digest)
  })

  it('are these files', () => {
    expect(rows.map(({ file }) => file)).toEqual([
      'der-signatures.json',
      'raw-signatures.json',
      'hashes.json',
      'flow-cli-transactions.json',
    ])
  })
})
