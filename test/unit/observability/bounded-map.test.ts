import { createBoundedMap } from '../../../src/observability/bounded-map.ts'

it('forgets what came first, and tells of it', () => {
  const evicted: string[] = []
  const map = createBoundedMap<number, string>(2, (value) => evicted.push(value))
  map.set(1, 'a')
  map.set(2, 'b')
  map.set(2, 'B')
  expect(evicted).toEqual([])
  map.set(3, 'c')
  expect(evicted).toEqual(['a'])
  expect([map.get(1), map.take(2), map.get(2)]).toEqual([undefined, 'B', undefined])
  map.set(4, 'd')
  expect(evicted).toEqual(['a'])
  expect(map.drain()).toEqual(['c', 'd'])
  expect(map.drain()).toEqual([])
})
