/** URLs that are not taken, with why. @module */

/** The origins that are allowed where the table is used. */
export const allowedOrigins = [
  'https://hooks.example.com',
  'https://hooks.example.com:8443',
  'http://127.0.0.1:8080',
  'http://[::1]:8080',
] as const

export const refusedUrls: readonly (readonly [url: string, reason: string])[] = [
  // Not a URL of ours at all
  ['', 'malformed'],
  ['hooks.example.com/x', 'malformed'],
  ['//hooks.example.com/x', 'malformed'],
  ['/x', 'malformed'],
  ['https:hooks.example.com/x', 'malformed'],
  ['https:/hooks.example.com/x', 'malformed'],
  ['https:///hooks.example.com/x', 'malformed'],
  ['https://', 'malformed'],
  [`https://hooks.example.com/${'x'.repeat(2_048)}`, 'too-long'],
  // Other schemes
  ['ftp://hooks.example.com/x', 'origin-not-allowed'],
  ['file:///etc/passwd', 'malformed'],
  ['gopher://hooks.example.com/_x', 'malformed'],
  ['data:text/plain,x', 'malformed'],
  ['javascript:alert(1)', 'malformed'],
  ['blob:https://hooks.example.com/x', 'malformed'],
  ['null:/x', 'malformed'],
  ['ws://hooks.example.com/x', 'origin-not-allowed'],
  ['http://hooks.example.com/x', 'origin-not-allowed'],
  ['https://127.0.0.1:8080/x', 'origin-not-allowed'],
  // Other hosts and ports
  ['https://example.com/x', 'origin-not-allowed'],
  ['https://hooks.example.com.evil/x', 'origin-not-allowed'],
  ['http://hooks.example.com.evil', 'origin-not-allowed'],
  ['https://evil.hooks.example.com/x', 'origin-not-allowed'],
  ['https://hooks.example.comx/x', 'origin-not-allowed'],
  ['https://hooks-example.com/x', 'origin-not-allowed'],
  ['https://hooks.example.com./x', 'origin-not-allowed'],
  ['https://hooks.example.com:444/x', 'origin-not-allowed'],
  ['https://hooks.example.com:0443/x', 'malformed'],
  ['https://hooks.example.com:/x', 'malformed'],
  ['https://hooks.example.com:99999/x', 'malformed'],
  ['https://hooks.example.com:8443:443/x', 'malformed'],
  ['http://127.0.0.1/x', 'origin-not-allowed'],
  ['http://127.0.0.1:80/x', 'origin-not-allowed'],
  ['http://127.0.0.2:8080/x', 'origin-not-allowed'],
  ['http://localhost:8080/x', 'origin-not-allowed'],
  // Userinfo
  ['https://user@hooks.example.com/x', 'malformed'],
  ['https://user:pass@hooks.example.com/x', 'malformed'],
  ['https://@hooks.example.com/x', 'malformed'],
  ['https://:@hooks.example.com/x', 'malformed'],
  ['https://hooks.example.com@evil.example/x', 'malformed'],
  ['https://hooks.example.com:443@evil.example/x', 'malformed'],
  ['https://hooks.example.com%40evil.example/x', 'malformed'],
  ['https://evil.example/@hooks.example.com', 'origin-not-allowed'],
  ['https://evil.example?@hooks.example.com', 'origin-not-allowed'],
  // What parsers read in two ways
  ['https://evil.example\\@hooks.example.com/x', 'malformed'],
  ['https://hooks.example.com\\@evil.example/x', 'malformed'],
  ['https:\\\\hooks.example.com\\x', 'malformed'],
  ['https://hooks.example.com/x\\y', 'malformed'],
  [' https://hooks.example.com/x', 'malformed'],
  ['https://hooks.example.com/x ', 'malformed'],
  ['https://hooks.exam\tple.com/x', 'malformed'],
  ['https://hooks.example.com/x\r\nHost: evil', 'malformed'],
  ['https://hooks.example.com\u0000.evil/x', 'malformed'],
  ['https://hooks.example.com%00.evil/x', 'malformed'],
  ['https://HOOKS.example.com/x', 'malformed'],
  ['HTTPS://hooks.example.com/x', 'malformed'],
  ['https://hooks%2eexample.com/x', 'malformed'],
  // Unicode
  ['https://hooks\u3002example.com/x', 'malformed'], // ideographic full stop
  ['https://h\u00ad\u006foks.example.com/x', 'malformed'], // soft hyphen
  ['https://\uff48ooks.example.com/x', 'malformed'], // full-width letter
  ['https://h\u043eoks.example.com/x', 'malformed'], // Cyrillic o
  ['http://\u2460\u2461\u2466.0.0.1:8080/x', 'malformed'], // circled digits
  ['http://\uff11\uff12\uff17.0.0.1:8080/x', 'malformed'], // full-width digits
  ['https://hooks.example.com/\u00e9', 'malformed'],
  // Other spellings of an address that is allowed
  ['http://2130706433:8080/x', 'malformed'],
  ['http://0x7f000001:8080/x', 'malformed'],
  ['http://0x7f.0.0.1:8080/x', 'malformed'],
  ['http://0177.0.0.1:8080/x', 'malformed'],
  ['http://017700000001:8080/x', 'malformed'],
  ['http://127.1:8080/x', 'malformed'],
  ['http://127.0.1:8080/x', 'malformed'],
  ['http://127.0.0.1.:8080/x', 'malformed'],
  ['http://127.0.0.01:8080/x', 'malformed'],
  ['http://[0:0:0:0:0:0:0:1]:8080/x', 'malformed'],
  ['http://[::0001]:8080/x', 'malformed'],
  ['http://[::1%25lo]:8080/x', 'malformed'],
  ['http://[::ffff:127.0.0.1]:8080/x', 'malformed'],
  ['http://[::ffff:7f00:1]:8080/x', 'origin-not-allowed'],
  ['http://169.254.169.254/latest/meta-data/', 'origin-not-allowed'],
  ['http://0.0.0.0:8080/x', 'origin-not-allowed'],
  // Fragments
  ['https://hooks.example.com/x#y', 'fragment'],
  ['https://hooks.example.com/x#', 'fragment'],
  ['https://hooks.example.com#@evil.example/', 'fragment'],
  ['https://evil.example#.hooks.example.com', 'fragment'],
]
