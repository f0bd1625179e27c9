import { createEndings } from '../../../src/relay/endings.ts'

describe('createEndings', () => {
  it('ends the newest first, and each once', async () => {
    const endings = createEndings()
    const ended: string[] = []
    for (const name of ['first', 'second', 'third'])
      endings.add(() => {
        ended.push(name)
      })
    const running = endings.run()
    expect(ended).toEqual(['third', 'second', 'first']) // before anything else can happen
    await running
    await endings.run()
    expect(ended).toHaveLength(3)
  })

  it('ends the others when one throws or rejects', async () => {
    const endings = createEndings()
    const ended: string[] = []
    endings.add(() => {
      ended.push('first')
    })
    endings.add(async () => {
      throw new Error('second')
    })
    endings.add(() => {
      throw new Error('third')
    })
    await endings.run()
    expect(ended).toEqual(['first'])
  })
})
