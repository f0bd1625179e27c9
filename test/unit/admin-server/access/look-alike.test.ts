import { lookAlikesOf } from '../../../../examples/admin-server/src/access/look-alike.ts'

describe('lookAlikesOf', () => {
  it.each([
    ['alice', 'Alice'],
    ['alice', 'a1ice'],
    ['alice', 'aIice'],
    ['bob', 'b0b'],
    ['marion', 'rnarion'],
    ['walter', 'vvalter'],
    ['ci.mint', 'ci-mint'],
    ['login.example.com|00u1', 'login.example.com|OOul'],
  ])('takes %s for %s', (name, other) => {
    expect(lookAlikesOf(name, [other, 'carol'])).toEqual([other])
    expect(lookAlikesOf(other, [name, 'carol'])).toEqual([name])
  })

  it('names each once, and neither the same name nor another', () => {
    const others = ['alice', 'Alice', 'ALICE', 'Alice', 'alicia', 'bob', 'alice2']
    expect(lookAlikesOf('alice', others)).toEqual(['ALICE', 'Alice'])
  })
})
