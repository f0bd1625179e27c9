/** What is said of nodes that cannot tell. @module */
import { createBlockFollower } from '../../../src/flow/block-follower.ts'
import { createWitnesses } from '../../../src/relay/witnesses.ts'

it('names nodes that cannot tell without their paths, which may hold a token', async () => {
  const node = (url: string) => ({ url, timeoutMs: 100 })
  const nodes = [node('http://a.example/token'), node('http://b.example')] as const
  const follower = createBlockFollower({ nodes, webSocket: false })
  const { both } = createWitnesses({ follower, signal: new AbortController().signal })
  const asked = both(async ({ url }) => {
    if (url.includes('token')) throw new Error('no')
    return undefined
  })
  await expect(asked).rejects.toMatchObject({
    code: 'NODES_CANNOT_TELL',
    context: { reason: 'http://a.example/…: OTHER; http://b.example cannot tell yet' },
  })
  follower.close()
})
