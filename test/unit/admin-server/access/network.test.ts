/** Which address counts, and who is let in. @module */

import fc from 'fast-check'
import {
  addressGroup,
  createNetworkGuard,
  normaliseAddress,
  parseNetwork,
} from '../../../../examples/admin-server/src/access/network.ts'
import { refusal } from './support.ts'

const guard = (trustedProxies: readonly string[] = [], allowedNetworks: readonly string[] = []) =>
  createNetworkGuard({ trustedProxies, allowedNetworks })
const forbidden = refusal('ADDRESS_FORBIDDEN')

const number = fc.integer({ min: 0, max: 0xffff_ffff })
const ipv4 = number.map(textOf)
const ipv6 = fc.ipV6().filter((text) => normaliseAddress(text)?.includes(':') === true)

function textOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}

/** An oracle of our own: both addresses as bits, compared from the left. */
function bitsOf(address: string): string {
  if (!address.includes(':'))
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('')
}

describe('the client of a call', () => {
  it('is the peer when nobody forwards', () => {
    expect(guard().admit('192.0.2.1', [])).toBe('192.0.2.1')
  })

  it('is the peer when it is no trusted proxy, whatever it forwards', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(ipv4, fc.string())), (values) => {
        expect(guard(['10.0.0.0/8']).admit('192.0.2.1', values)).toBe('192.0.2.1')
      }),
    )
  })

  it('is what a trusted proxy forwards', () => {
    expect(guard(['10.0.0.0/8']).admit('10.1.2.3', ['198.51.100.7'])).toBe('198.51.100.7')
  })

  it('is the first from the right that is no trusted proxy; what stands left of it is not read', () => {
    const proxies = guard(['10.0.0.0/8'])
    const outside = ipv4.filter((address) => !address.startsWith('10.'))
    const inside = fc.integer({ min: 0, max: 0xff_ffff }).map((low) => textOf(0x0a00_0000 + low))
    const forged = fc.array(fc.oneof(ipv4, ipv6, fc.stringMatching(/^[ -+.-~]{0,20}$/)), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(forged, outside, fc.array(inside, { maxLength: 4 }), (left, client, right) => {
        const header = [...left, client, ...right].join(', ')
        expect(proxies.admit('10.0.0.1', [header])).toBe(client)
      }),
    )
  })

  it('is the same whether proxies add to one header or send several', () => {
    const proxies = guard(['10.0.0.0/8'])
    expect(proxies.admit('10.0.0.1', ['203.0.113.9, 198.51.100.7', '10.0.0.2'])).toBe(
      '198.51.100.7',
    )
  })

  it('is the leftmost when all are trusted proxies', () => {
    expect(guard(['10.0.0.0/8']).admit('10.0.0.1', ['10.0.0.3, 10.0.0.2'])).toBe('10.0.0.3')
  })

  it('is the same for an address and its IPv4-mapped form, as peer and forwarded', () => {
    fc.assert(
      fc.property(ipv4, (address) => {
        const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
        const hex = `::ffff:${bytes[0]}${bytes[1]}:${bytes[2]}${bytes[3]}`
        for (const form of [address, `::ffff:${address}`, `::FFFF:${address}`, hex]) {
          expect(guard().admit(form, [])).toBe(address)
          expect(guard(['2001:db8::1']).admit('2001:db8::1', [form])).toBe(address)
        }
      }),
    )
  })

  it('is trusted as a proxy in its IPv4-mapped form too', () => {
    expect(guard(['10.0.0.0/8']).admit('::ffff:10.0.0.1', ['198.51.100.7'])).toBe('198.51.100.7')
  })

  it('is one text for each IPv6 address', () => {
    expect(guard().admit('2001:DB8:0:0:0:0:0:1', [])).toBe('2001:db8::1')
    expect(guard().admit('fe80::1%eth0', [])).toBe('fe80::1')
  })

  it.each([
    ['198.51.100.7:4711', '198.51.100.7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['  198.51.100.7\t', '198.51.100.7'],
  ])('is read from %p', (value, client) => {
    expect(guard(['10.0.0.1']).admit('10.0.0.1', [value])).toBe(client)
  })
})

const malformed = [
  '',
  ' ',
  ',',
  '198.51.100.7,',
  'unknown',
  '_hidden',
  '198.51.100',
  '198.51.100.256',
  '198.51.100.07',
  '0xc6336407',
  '3325256711',
  '198.51.100.7/32',
  '198.51.100.7:',
  '198.51.100.7:123456',
  '198.51.100.7 198.51.100.8',
  '2001:db8::7%eth0',
  '[2001:db8::7',
  '2001:db8::7]',
  '[198.51.100.7',
  ':::',
  'localhost',
  'for=198.51.100.7',
  '"198.51.100.7"',
  '198.51.100.7\0',
  '١٩٨.51.100.7',
  Array(33).fill('10.0.0.2').join(','),
]

describe('a forwarded header that cannot be read', () => {
  it.each(malformed)('%j counts as none where anybody may call', (value) => {
    expect(guard(['10.0.0.0/8']).admit('10.0.0.1', [value])).toBe('10.0.0.1')
  })

  it.each(malformed)(
    '%j is refused where networks are bounded, even if the proxy is in them',
    (value) => {
      const bounded = guard(['10.0.0.0/8'], ['10.0.0.0/8', '198.51.100.0/24'])
      expect(() => bounded.admit('10.0.0.1', [value])).toThrow(forbidden)
    },
  )
})

describe('allowed networks', () => {
  it('let in whom they hold, and nobody else', () => {
    const bounded = guard([], ['192.0.2.0/24', '2001:db8::/32'])
    expect(bounded.admit('192.0.2.255', [])).toBe('192.0.2.255')
    expect(bounded.admit('::ffff:192.0.2.1', [])).toBe('192.0.2.1')
    expect(bounded.admit('2001:db8:ffff::1', [])).toBe('2001:db8:ffff::1')
    for (const outside of ['192.0.3.0', '192.0.1.255', '2001:db9::', '::1', '127.0.0.1'])
      expect(() => bounded.admit(outside, [])).toThrow(forbidden)
  })

  it('are about the client, not about its proxy', () => {
    const bounded = guard(['10.0.0.1'], ['192.0.2.0/24'])
    expect(bounded.admit('10.0.0.1', ['192.0.2.7'])).toBe('192.0.2.7')
    expect(() => bounded.admit('10.0.0.1', ['198.51.100.7'])).toThrow(forbidden)
    expect(() => bounded.admit('10.0.0.1', [])).toThrow(forbidden)
  })

  it('cannot be entered by a forged header', () => {
    const bounded = guard(['10.0.0.1'], ['192.0.2.0/24'])
    expect(() => bounded.admit('198.51.100.7', ['192.0.2.7'])).toThrow(forbidden)
    expect(() => bounded.admit('10.0.0.1', ['192.0.2.7, 198.51.100.7'])).toThrow(forbidden)
  })

  it('hold exactly the addresses whose first bits are theirs (IPv4)', () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), (base, address, prefix) => {
        const wanted = bitsOf(base).slice(0, prefix) === bitsOf(address).slice(0, prefix)
        expect(lets(`${base}/${prefix}`, address)).toBe(wanted)
        expect(lets(`${base}/${prefix}`, base)).toBe(true)
      }),
    )
  })

  it('hold exactly the addresses whose first bits are theirs (IPv6)', () => {
    fc.assert(
      fc.property(ipv6, ipv6, fc.integer({ min: 0, max: 128 }), (base, other, prefix) => {
        const first = normaliseAddress(base) ?? ''
        const second = normaliseAddress(other) ?? ''
        fc.pre(!first.includes('.') && !second.includes('.'))
        const wanted = bitsOf(first).slice(0, prefix) === bitsOf(second).slice(0, prefix)
        expect(lets(`${base}/${prefix}`, other)).toBe(wanted)
      }),
    )
  })

  it('that hold every IPv6 address hold no IPv4 one', () => {
    expect(lets('::/0', '2001:db8::1')).toBe(true)
    expect(lets('::/0', '192.0.2.1')).toBe(false)
    expect(lets('::/0', '::ffff:192.0.2.1')).toBe(false)
    expect(lets('0.0.0.0/0', '::1')).toBe(false)
  })

  it.each([undefined, '', 'pipe', '10.0.0.1.2'])(
    'let in no peer without an address: %p',
    (peer) => {
      expect(() => guard([], ['0.0.0.0/0', '::/0']).admit(peer, [])).toThrow(forbidden)
      expect(() => guard().admit(peer, [])).toThrow(forbidden)
    },
  )

  const lets = (range: string, address: string): boolean => {
    try {
      guard([], [range]).admit(address, [])
      return true
    } catch {
      return false
    }
  }
})

describe('parseNetwork', () => {
  it.each([
    ['10.0.0.0/8', { address: '10.0.0.0', prefix: 8, family: 'ipv4' }],
    ['10.1.2.3', { address: '10.1.2.3', prefix: 32, family: 'ipv4' }],
    ['::1', { address: '::1', prefix: 128, family: 'ipv6' }],
    ['::ffff:10.0.0.0/104', { address: '10.0.0.0', prefix: 8, family: 'ipv4' }],
  ])('reads %s', (range, network) => {
    expect(parseNetwork(range)).toEqual(network)
  })

  it.each([
    '',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0.0/8 ',
    '10.0.0/8',
    '10.0.0.0/255.0.0.0',
    '::/129',
    '::ffff:10.0.0.0/95',
    'fe80::1%eth0/64',
    'localhost',
    '*',
  ])('refuses %j, and so does the guard', (range) => {
    expect(parseNetwork(range)).toBeUndefined()
    expect(() => guard([range])).toThrow(refusal('CONFIGURATION_INVALID'))
    expect(() => guard([], [range])).toThrow(refusal('CONFIGURATION_INVALID'))
  })
})

describe('addressGroup', () => {
  it('is an IPv4 address itself', () => {
    expect(addressGroup('192.0.2.1')).toBe('192.0.2.1')
  })

  it('is the same for two IPv6 addresses when, and only when, they share 64 bits', () => {
    fc.assert(
      fc.property(ipv6, ipv6, fc.boolean(), (one, two, share) => {
        const first = normaliseAddress(one) ?? ''
        const bits = bitsOf(normaliseAddress(two) ?? '')
        fc.pre(!first.includes('.') && !(normaliseAddress(two) ?? '').includes('.'))
        const joined = share ? bitsOf(first).slice(0, 64) + bits.slice(64) : bits
        const groups = (joined.match(/.{16}/g) ?? []).map((group) => Number.parseInt(group, 2))
        const second = normaliseAddress(groups.map((group) => group.toString(16)).join(':')) ?? ''
        fc.pre(!second.includes('.'))
        const same = bitsOf(first).slice(0, 64) === bitsOf(second).slice(0, 64)
        expect(addressGroup(first) === addressGroup(second)).toBe(same)
      }),
    )
  })
})
