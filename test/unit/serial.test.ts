import { createSerial } from '../../src/serial.ts'

describe('createSerial', () => {
  it('runs one task after the other, in the order in which they came', async () => {
    const serial = createSerial()
    const steps: string[] = []
    const task = (name: string) => async () => {
      steps.push(`${name} begins`)
      await Promise.resolve()
      steps.push(`${name} ends`)
      return name
    }
    const results = await Promise.all([serial.run(task('one')), serial.run(task('two'))])
    expect(results).toEqual(['one', 'two'])
    expect(steps).toEqual(['one begins', 'one ends', 'two begins', 'two ends'])
    expect(serial.size()).toBe(0)
  })

  it('goes on after a task that failed, and tells only its caller', async () => {
    const serial = createSerial()
    const failing = serial.run(() => Promise.reject(new RangeError('no')))
    const next = serial.run(async () => 'next')
    expect(serial.size()).toBe(2)
    await expect(failing).rejects.toThrow(RangeError)
    await expect(next).resolves.toBe('next')
  })
})
