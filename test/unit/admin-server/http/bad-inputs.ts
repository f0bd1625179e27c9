/**
 * Requests that a server must refuse, and good twins of them: plain data, for any server that has
 * `POST /v1/mints`, `GET /v1/mints` and `GET /v1/mints/{id}`. @module
 */

import { gzipSync } from 'node:zlib'

/** Where to send to and as whom. */
export type Target = { readonly host: string; readonly token: string }

/** `closed`: the connection ends without an answer. */
export type Answer = number | 'closed'

/** One row. */
export type HttpInput = {
  readonly id: string
  /** What goes over the wire. */
  readonly bytes: (target: Target) => Buffer
  /** Each of them is right; of several answers on one connection this is about the first. */
  readonly expect: readonly Answer[]
  /** Answered only once the server's own timeouts have passed. */
  readonly slow?: true
}

type Call = {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body?: string | Buffer
}

/** A well-formed request, but for what `call` says; `undefined` leaves a header out. */
export const request =
  (call: Call) =>
  (target: Target): Buffer => {
    const body = Buffer.from(call.body ?? '')
    const method = call.method ?? 'POST'
    const ordinary = {
      Host: target.host,
      Authorization: `Bearer ${target.token}`,
      ...(method === 'POST' && {
        'Idempotency-Key': 'bad-input',
        'Content-Type': 'application/json',
        'Content-Length': String(body.length),
      }),
      ...call.headers,
    }
    const lines = Object.entries(ordinary).flatMap(([name, values]) =>
      [values ?? []].flat().map((value) => `${name}: ${value}`),
    )
    const head = [`${method} ${call.path ?? '/v1/mints'} HTTP/1.1`, ...lines, '', ''].join('\r\n')
    return Buffer.concat([Buffer.from(head, 'latin1'), body])
  }

/** As it is, byte by byte; `HOST` and `TOKEN` are filled in. */
const raw = (text: string) => (target: Target) =>
  Buffer.from(text.replaceAll('HOST', target.host).replaceAll('TOKEN', target.token), 'latin1')

const post = (body: string | Buffer): HttpInput['bytes'] => request({ body })
const get = (path: string, headers: Call['headers'] = {}): HttpInput['bytes'] =>
  request({ method: 'GET', path, headers })

const item = {
  recipient: '0x01cf0e2f2f715450',
  name: 'Ticket 7',
  description: 'One seat',
  thumbnail: 'https://example.com/7.png',
}
/** A mint of one item, with JSON text in place of, or beside, its fields. */
const withName = (json: string): string =>
  `{"items":[${JSON.stringify({ ...item, name: 'NAME' }).replace('"NAME"', json)}]}`
const withMember = (json: string): string =>
  `{"items":[${JSON.stringify(item).replace(/}$/, `,${json}}`)}]}`
const good = JSON.stringify({ items: [item] })
const mint = (fields: object): string => JSON.stringify({ items: [{ ...item, ...fields }] })
const bytes = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  )
const splitName = (middle: readonly number[]): Buffer => {
  const [before = '', after = ''] = withName('"x@y"').split('@')
  return bytes(before, middle, after)
}
const head = 'POST /v1/mints HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\n'
const json = `${head}Idempotency-Key: bad-input\r\nContent-Type: application/json\r\n`
/** The good body, in one chunk. */
const chunks = `${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`
const getHead = 'GET /v1/mints HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\n'

const keys = (count: number): string =>
  Array.from({ length: count }, (_, n) => `"k${n}":1`).join(',')
/** 8 MiB of zeros in 8 KB. */
const gzipBomb = gzipSync(Buffer.alloc(8 * 1024 * 1024))

type Row = readonly [id: string, bytes: HttpInput['bytes'], ...expect: Answer[]]
const toInput = ([id, bytesOf, ...expect]: Row): HttpInput => ({ id, bytes: bytesOf, expect })

const notJson: readonly Row[] = [
  ['an empty body', post(''), 400],
  ['white space alone', post(' \n\t '), 400],
  ['one word', post('mint'), 400],
  ['half an object', post('{"items":['), 400],
  ['an open string', post('{"items":"'), 400],
  ['two texts', post(`${good}${good}`), 400],
  ['junk after the text', post(`${good}x`), 400],
  ['a trailing comma', post(good.replace(']}', '],}')), 400],
  ['a comma in an array', post(good.replace(']}', ',]}')), 400],
  ['single quotes', post(good.replaceAll('"', "'")), 400],
  ['keys without quotes', post(good.replace('"items"', 'items')), 400],
  ['a comment', post(`/* hello */${good}`), 400],
  ['a line comment', post(`${good}// hello`), 400],
  ['NaN', post(withName('NaN')), 400],
  ['Infinity', post(withName('Infinity')), 400],
  ['minus Infinity', post(withName('-Infinity')), 400],
  ['undefined', post(withName('undefined')), 400],
  ['True', post(withName('True')), 400],
  ['a hexadecimal number', post(withName('0x10')), 400],
  ['a leading zero', post(withName('007')), 400],
  ['a leading plus', post(withName('+1')), 400],
  ['a number without digits after the point', post(withName('1.')), 400],
  ['a bare exponent', post(withName('1e')), 400],
  ['a line break within a string', post(withName('"a\nb"')), 400],
  ['a tab within a string', post(withName('"a\tb"')), 400],
  ['an unknown escape', post(withName('"\\x41"')), 400],
  ['half a \\u escape', post(withName('"\\u12"')), 400],
  ['XML', post('<items><item/></items>'), 400],
  ['a form in a JSON body', post('items=1'), 400],
  ['NDJSON', post(`${good}\n${good}`), 400],
  ['a closing bracket too many', post(`${good}}`), 400],
  ['brackets that do not match', post('{"items":[}]'), 400],
]

const encodings: readonly Row[] = [
  ['a UTF-8 byte order mark', post(bytes([0xef, 0xbb, 0xbf], good)), 400],
  ['UTF-16 LE', post(Buffer.from(good, 'utf16le')), 400],
  [
    'UTF-16 LE with a byte order mark',
    post(bytes([0xff, 0xfe], [...Buffer.from(good, 'utf16le')])),
    400,
  ],
  ['a lone continuation byte', post(splitName([0x80])), 400],
  ['an overlong slash', post(splitName([0xc0, 0xaf])), 400],
  ['an overlong NUL', post(splitName([0xc0, 0x80])), 400],
  ['a surrogate in UTF-8', post(splitName([0xed, 0xa0, 0x80])), 400],
  ['a code point past U+10FFFF', post(splitName([0xf4, 0x90, 0x80, 0x80])), 400],
  ['a cut sequence', post(splitName([0xe2, 0x82])), 400],
  ['0xFF', post(splitName([0xff])), 400],
  ['Latin-1', post(splitName([0xe9])), 400],
  ['a raw NUL in a string', post(splitName([0x00])), 400],
  ['a raw NUL before the text', post(bytes([0x00], good)), 400],
  ['a NUL by escape', post(withName('"a\\u0000b"')), 400],
  ['a NUL by escape in a key', post(withMember('"a\\u0000b":1')), 400],
  ['a lone high surrogate by escape', post(withName('"\\ud83d"')), 400],
  ['a lone low surrogate by escape', post(withName('"\\ude00x"')), 400],
  ['surrogates in the wrong order', post(withName('"\\ude00\\ud83d"')), 400],
]

const ambiguous: readonly Row[] = [
  ['a key twice', post(withMember('"name":"Other"')), 400],
  ['a key twice, once by escape', post(withMember('"n\\u0061me":"Other"')), 400],
  ['items twice', post(good.replace(/}$/, `,"items":[${JSON.stringify(item)}]}`)), 400],
  ['a key twice, deep within', post(withMember('"traits":{"a":"1","a":"2"}')), 400],
  ['__proto__', post(withMember('"__proto__":{"admin":true}')), 400],
  ['__proto__ by escape', post(withMember('"__pr\\u006fto__":{"admin":true}')), 400],
  ['__proto__ at the top', post(good.replace(/}$/, ',"__proto__":{}}')), 400],
  ['constructor.prototype', post(withMember('"constructor":{"prototype":{"a":1}}')), 400],
  ['prototype', post(withMember('"prototype":{}')), 400],
  ['1e400', post(withMember('"edition":{"number":1e400}')), 400],
  ['minus 1e400', post(withMember('"edition":{"number":-1e400}')), 400],
  ['1e-400', post(withMember('"edition":{"number":1e-400}')), 400],
  ['minus zero', post(withMember('"edition":{"number":-0}')), 400],
  ['minus zero with a fraction', post(withMember('"edition":{"number":-0.0}')), 400],
  ['2^53', post(withMember('"edition":{"number":9007199254740992}')), 400],
  ['2^53 + 1', post(withMember('"edition":{"number":9007199254740993}')), 400],
  ['2^64', post(withMember('"edition":{"number":18446744073709551616}')), 400],
  ['1e21', post(withMember('"edition":{"number":1e21}')), 400],
  ['a fraction of 20 digits', post(withMember('"edition":{"number":0.12345678901234567890}')), 400],
  ['a number of 100,000 digits', post(`{"items":[],"n":1${'0'.repeat(60_000)}}`), 400, 413],
]

const floods: readonly Row[] = [
  ['arrays 33 deep', post(`${'['.repeat(33)}${']'.repeat(33)}`), 400],
  ['arrays 10,000 deep', post(`${'['.repeat(10_000)}${']'.repeat(10_000)}`), 400],
  ['objects 5,000 deep', post(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`), 400],
  ['open brackets alone', post('['.repeat(60_000)), 400],
  ['501 keys in one object', post(withMember(keys(501))), 400, 422],
  ['100,000 keys', post(withMember(keys(100_000))), 400, 413],
  ['300,000 elements', post(`[${'0,'.repeat(300_000)}0]`), 400, 413],
  ['a string of 60 KB', post(withName(`"${'x'.repeat(60_000)}"`)), 422],
  ['60,000 backslashes', post(withName(`"${'\\\\'.repeat(30_000)}"`)), 422],
  ['one byte past 2 MiB', post(`"${'x'.repeat(2 * 1024 * 1024 - 1)}"`), 413],
  ['a length of 1 TB', raw(`${json}Content-Length: 1000000000000\r\n\r\n{`), 413],
  [
    'chunks past 2 MiB',
    request({
      headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' },
      body: `300000\r\n${'x'.repeat(0x30_00_00)}\r\n0\r\n\r\n`,
    }),
    413,
    'closed',
  ],
  ['1,001 items', post(JSON.stringify({ items: Array.from({ length: 1_001 }, () => item) })), 422],
]

const shapes: readonly Row[] = [
  ['an array at the top', post('[]'), 422],
  ['null', post('null'), 422],
  ['a string', post('"items"'), 422],
  ['a number', post('7'), 422],
  ['true', post('true'), 422],
  ['an empty object', post('{}'), 422],
  ['no items', post('{"items":[]}'), 422],
  ['items as an object', post('{"items":{"0":{}}}'), 422],
  ['items as a string', post('{"items":"[]"}'), 422],
  ['a null item', post('{"items":[null]}'), 422],
  ['a nested array', post('{"items":[[]]}'), 422],
  ['an unknown field at the top', post(good.replace(/}$/, ',"admin":true}')), 422],
  ['an unknown field of an item', post(mint({ admin: true })), 422],
  ['an unknown field, deep within', post(mint({ edition: { number: 1, admin: true } })), 422],
  ['an empty key', post(mint({ '': 1 })), 422],
  ['toString as a field', post(mint({ toString: 'x' })), 422],
  ['hasOwnProperty as a field', post(mint({ hasOwnProperty: 1 })), 422],
  ['a number for a string', post(mint({ name: 7 })), 422],
  ['null for a string', post(mint({ name: null })), 422],
  ['an array for a string', post(mint({ name: ['x'] })), 422],
  ['a string for a number', post(mint({ edition: { number: '7' } })), 422],
  ['a fraction for a whole number', post(mint({ edition: { number: 1.5 } })), 422],
  ['a missing field', post(mint({ name: undefined })), 422],
  ['an empty name', post(mint({ name: '' })), 422],
  ['an address that is too short', post(mint({ recipient: '0x01' })), 422],
  ['an address in Cyrillic letters', post(mint({ recipient: '0x01сf0e2f2f715450' })), 422],
  ['an address with a line break', post(mint({ recipient: '0x01cf0e2f2f715450\n' })), 422],
]

const types: readonly Row[] = [
  ['no content type', request({ body: good, headers: { 'Content-Type': undefined } }), 415],
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonx',
    'application/json-patch+json',
    'text/json',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json, text/plain',
    'application/json; profile=x',
    'application/ json',
    '*/*',
    'json',
    ';',
  ].map(
    (type): Row => [
      `content type ${type}`,
      request({ body: good, headers: { 'Content-Type': type } }),
      415,
    ],
  ),
  [
    'content type twice',
    request({ body: good, headers: { 'Content-Type': ['application/json', 'text/plain'] } }),
    400,
  ],
  ...['gzip', 'br', 'deflate', 'gzip, gzip', 'identity, gzip', 'x'].map(
    (coding): Row => [
      `content encoding ${coding}`,
      request({ body: gzipBomb, headers: { 'Content-Encoding': coding } }),
      415,
    ],
  ),
]

const framing: readonly Row[] = [
  [
    'a length beside chunks',
    raw(`${json}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    400,
  ],
  [
    'chunks beside a length',
    raw(`${json}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`),
    400,
  ],
  ['two lengths', raw(`${json}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`), 400],
  ['two equal lengths', raw(`${json}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`), 400],
  ['a list of lengths', raw(`${json}Content-Length: 2, 2\r\n\r\n{}`), 400],
  ['a negative length', raw(`${json}Content-Length: -1\r\n\r\n{}`), 400],
  ['a length with a plus', raw(`${json}Content-Length: +2\r\n\r\n{}`), 400],
  ['a hexadecimal length', raw(`${json}Content-Length: 0x2\r\n\r\n{}`), 400],
  ['a length past 2^64', raw(`${json}Content-Length: 18446744073709551617\r\n\r\n{}`), 400],
  ['an empty length', raw(`${json}Content-Length: \r\n\r\n{}`), 400],
  ['a space before the colon', raw(`${json}Content-Length : 2\r\n\r\n{}`), 400],
  ['a folded header', raw(`${json}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}`), 400],
  ['line feeds alone', raw(`${json}Content-Length: 2\r\n\r\n{}`.replaceAll('\r', '')), 400],
  ['a bare CR in a header', raw(`${json}X-A: b\rc: d\r\nContent-Length: 2\r\n\r\n{}`), 400],
  ['a bare LF in a header', raw(`${getHead}X-A: b\nTransfer-Encoding: chunked\r\n\r\n`), 400],
  ['a NUL in a header', raw(`${getHead}X-A: b\0c\r\n\r\n`), 400],
  ['a header without a colon', raw(`${getHead}X-A\r\n\r\n`), 400],
  ['a header without a name', raw(`${getHead}: b\r\n\r\n`), 400],
  ['a space in a header name', raw(`${getHead}X A: b\r\n\r\n`), 400],
  ['transfer encoding gzip', raw(`${json}Transfer-Encoding: gzip\r\n\r\n`), 400, 'closed'],
  [
    'chunks in HTTP/1.0',
    raw(`${json}Transfer-Encoding: chunked\r\n\r\n${chunks}`.replace('/1.1', '/1.0')),
    400,
  ],
  [
    'transfer encoding gzip, chunked',
    raw(`${json}Transfer-Encoding: gzip, chunked\r\n\r\n${chunks}`),
    400,
  ],
  [
    'transfer encoding chunked, identity',
    raw(`${json}Transfer-Encoding: chunked, identity\r\n\r\n${chunks}`),
    400,
  ],
  [
    'transfer encoding xchunked',
    raw(`${json}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`),
    400,
    'closed',
  ],
  [
    'transfer encoding twice',
    raw(`${json}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`),
    400,
  ],
  [
    'a chunk size that is not one',
    raw(`${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`),
    400,
    'closed',
  ],
  [
    'a negative chunk size',
    raw(`${json}Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n`),
    400,
    'closed',
  ],
  [
    'a chunk longer than it says',
    raw(`${json}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`),
    400,
    'closed',
  ],
  [
    'a chunk size past 2^64',
    raw(`${json}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n`),
    400,
    'closed',
  ],
  [
    'a chunk extension of 20 KB',
    raw(`${json}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
    400,
    413,
    'closed',
  ],
  ['a GET with a body', raw(`${getHead}Content-Length: 5\r\n\r\nhello`), 400],
  ['a GET with chunks', raw(`${getHead}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`), 400],
  [
    'a GET whose body is a request',
    raw(`${getHead}Content-Length: 40\r\n\r\nGET /admin HTTP/1.1\r\nHost: HOST\r\n\r\n`),
    400,
  ],
]

const requestLines: readonly Row[] = [
  ['HTTP/0.9', raw('GET /v1/mints\r\n\r\n'), 400],
  [
    'HTTP/1.1 without Host',
    raw('GET /v1/mints HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\n\r\n'),
    400,
  ],
  ['HTTP/2.0', raw('GET /v1/mints HTTP/2.0\r\nHost: HOST\r\n\r\n'), 400],
  ['HTTP/9.9', raw('GET /v1/mints HTTP/9.9\r\nHost: HOST\r\n\r\n'), 400],
  ['the preface of HTTP/2', raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 400],
  ['a TLS hello', () => Buffer.from('160301020001000100', 'hex'), 400],
  ['an SSH banner', raw('SSH-2.0-OpenSSH_9.6\r\n\r\n'), 400],
  [
    'bytes at random',
    () => Buffer.from(Array.from({ length: 256 }, (_, n) => (n * 151 + 7) % 256)),
    400,
  ],
  ['NUL bytes', () => Buffer.alloc(1_000), 400],
  ['a space in the path', raw('GET /v1/mints /x HTTP/1.1\r\nHost: HOST\r\n\r\n'), 400],
  ['a method in lower case', raw('get /v1/mints HTTP/1.1\r\nHost: HOST\r\n\r\n'), 400],
  ['an unknown method', raw('FETCH /v1/mints HTTP/1.1\r\nHost: HOST\r\n\r\n'), 400],
  [
    'a method of 10,000 letters',
    raw(`${'A'.repeat(10_000)} / HTTP/1.1\r\nHost: HOST\r\n\r\n`),
    400,
  ],
  ...['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'HEAD', 'PROPFIND', 'QUERY', 'PURGE'].map(
    (method): Row => [method, request({ method }), 405, 400],
  ),
  [
    'CONNECT',
    raw('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n'),
    'closed',
    400,
    405,
  ],
  ['OPTIONS *', raw('OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n'), 400, 404, 405],
  ['GET *', get('*'), 400],
  ['absolute form', get('http://HOST/v1/mints'), 400],
  ['absolute form of another host', get('http://169.254.169.254/latest/meta-data/'), 400],
  ['file:', get('file:///etc/passwd'), 400],
  ['a path without a slash', get('v1/mints'), 400],
  ['two slashes in front', get('//example.com/v1/mints'), 400],
  ['two slashes within', get('/v1//mints'), 400],
  ['a slash at the end', get('/v1/mints/'), 400, 404],
  ['upper case', get('/V1/Mints'), 404],
  ['dot segments', get('/v1/../v1/mints'), 400],
  ['one dot', get('/v1/./mints'), 400],
  ['dots to the root', get('/../../../../etc/passwd'), 400],
  ['assets and dots', get('/assets/../../package.json'), 400],
  ['encoded dots', get('/assets/%2e%2e/%2e%2e/package.json'), 400],
  ['an encoded slash', get('/v1%2fmints'), 400],
  ['an encoded backslash', get('/assets/..%5c..%5cpackage.json'), 400],
  ['a backslash', get('/v1\\mints'), 400],
  ['encoded twice', get('/assets/%252e%252e%252fpackage.json'), 400],
  ['an encoded letter', get('/v1/m%69nts'), 400],
  ['an overlong encoding', get('/assets/%c0%ae%c0%ae/package.json'), 400],
  ['an encoded NUL', get('/v1/mints%00.html'), 400],
  ['an encoded line break', get('/v1/mints%0d%0aSet-Cookie:a=b'), 400],
  ['half an encoding', get('/v1/mints/%'), 400],
  ['an encoding that is not one', get('/v1/mints/%zz'), 400],
  ['a fragment', get('/v1/mints#x'), 400],
  ['bytes past ASCII in a path', get('/v1/mints/é'), 400],
  ['a quote in a path', get("/v1/mints/'or'1'='1"), 404, 422],
  ['a semicolon', get('/v1/mints;admin=true'), 404],
  ['an id of 10,000 characters', get(`/v1/mints/${'a'.repeat(10_000)}`), 404, 414, 422],
  ['an id of another form', get('/v1/mints/rq_XYZ'), 404, 422],
  ['a path of 20 KB', get(`/${'a/'.repeat(10_000)}`), 431],
]

const headers: readonly Row[] = [
  ['200 headers', get('/v1/mints', { 'X-A': Array.from({ length: 200 }, () => 'b') }), 400, 431],
  ['3,000 headers', get('/v1/mints', { a: Array.from({ length: 3_000 }, () => '') }), 400, 431],
  ['a header of 100 KB', get('/v1/mints', { 'X-A': 'b'.repeat(100_000) }), 431],
  ['a header name of 100 KB', get('/v1/mints', { ['X'.repeat(100_000)]: 'b' }), 431],
  ['two Host headers', raw(`${getHead}Host: evil.example\r\n\r\n`), 400],
  ['an empty Host', get('/v1/mints', { Host: '' }), 400],
  ['a Host with a path', get('/v1/mints', { Host: 'localhost/evil' }), 400],
  ['a Host with a user', get('/v1/mints', { Host: 'user@localhost' }), 400],
  ['a Host with a space', get('/v1/mints', { Host: 'a b' }), 400],
  ['a Host with a list', get('/v1/mints', { Host: 'localhost, evil.example' }), 400],
  ['a Host with a port that is none', get('/v1/mints', { Host: 'localhost:http' }), 400],
  ['a Host that is markup', get('/v1/mints', { Host: '<script>' }), 400],
  ['two Authorization headers', raw(`${getHead}Authorization: Bearer x\r\n\r\n`), 400],
  ['no Authorization', get('/v1/mints', { Authorization: undefined }), 401],
  ['an empty Authorization', get('/v1/mints', { Authorization: '' }), 401],
  ['another scheme', get('/v1/mints', { Authorization: 'Basic dXNlcjpwYXNz' }), 401],
  ['a token of another', get('/v1/mints', { Authorization: `Bearer fka_${'A'.repeat(43)}` }), 401],
  [
    'a token of 10,000 characters',
    get('/v1/mints', { Authorization: `Bearer ${'A'.repeat(10_000)}` }),
    401,
  ],
  ['a token in the query', get('/v1/mints?access_token=x', { Authorization: undefined }), 401],
  ['an expectation that is unknown', get('/v1/mints', { Expect: 'magic' }), 417],
  [
    'no Idempotency-Key',
    request({ body: good, headers: { 'Idempotency-Key': undefined } }),
    400,
    422,
  ],
  [
    'an empty Idempotency-Key',
    request({ body: good, headers: { 'Idempotency-Key': '' } }),
    400,
    422,
  ],
  [
    'an Idempotency-Key of 256',
    request({ body: good, headers: { 'Idempotency-Key': 'k'.repeat(256) } }),
    400,
    422,
  ],
  [
    'an Idempotency-Key past ASCII',
    request({ body: good, headers: { 'Idempotency-Key': 'é' } }),
    400,
    422,
  ],
  [
    'two Idempotency-Keys',
    request({ body: good, headers: { 'Idempotency-Key': ['a', 'b'] } }),
    400,
  ],
  ['X-HTTP-Method-Override', get('/v1/nothing', { 'X-HTTP-Method-Override': 'DELETE' }), 404],
]

const queries: readonly Row[] = [
  ['an unknown parameter', get('/v1/mints?admin=true'), 422],
  ['a parameter twice', get('/v1/mints?limit=1&limit=2'), 400],
  ['a limit of 0', get('/v1/mints?limit=0'), 422],
  ['a negative limit', get('/v1/mints?limit=-1'), 422],
  ['a limit of 1e2', get('/v1/mints?limit=1e2'), 422],
  ['a limit of 0x10', get('/v1/mints?limit=0x10'), 422],
  ['a limit with a space', get('/v1/mints?limit=%201'), 422],
  ['a limit of 1.5', get('/v1/mints?limit=1.5'), 422],
  ['a limit of 2^64', get('/v1/mints?limit=18446744073709551616'), 422],
  ['a limit without digits', get('/v1/mints?limit='), 422],
  ['a limit as an array', get('/v1/mints?limit%5B%5D=1'), 422],
  ['__proto__ as a parameter', get('/v1/mints?__proto__=x'), 422],
  ['a NUL in a parameter', get('/v1/mints?search=a%00b'), 400],
  ['a line break in a parameter', get('/v1/mints?search=a%0d%0ab'), 400],
  ['bytes that are not UTF-8 in a parameter', get('/v1/mints?search=%ff%fe'), 400],
  ['an encoding that is not one, in a parameter', get('/v1/mints?search=%zz'), 400],
  ['a lone surrogate in a parameter', get('/v1/mints?search=%ed%a0%80'), 400],
  ['markup in a query, not encoded', get('/v1/mints?search=<script>'), 400],
  ['a backslash in a query', get('/v1/mints?search=a\\b'), 400],
  ['bytes past ASCII in a query', get('/v1/mints?search=é'), 400],
  [
    '1,000 parameters',
    get(`/v1/mints?${Array.from({ length: 1_000 }, (_, n) => `a${n}=1`).join('&')}`),
    422,
  ],
]

const pipelines: readonly Row[] = [
  [
    'junk after a request',
    (target) => Buffer.concat([get('/v1/mints/')(target), Buffer.from('\0\0junk\r\n\r\n')]),
    400,
    404,
    'closed',
  ],
  [
    'a request within a refused body',
    raw(
      `${head}Content-Type: text/plain\r\nContent-Length: 44\r\n\r\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n`,
    ),
    415,
  ],
  [
    '500 bad requests at once',
    (target) => Buffer.concat(Array.from({ length: 500 }, () => get('/v1/../x')(target))),
    400,
  ],
]

const slow: readonly HttpInput[] = (
  [
    ['nothing at all', raw('')],
    ['half a request line', raw('GET /v1/mi')],
    ['headers that do not end', raw(`${getHead}X-A: b\r\n`)],
    ['a body that does not come', raw(`${json}Content-Length: 100\r\n\r\n`)],
    ['half a body', raw(`${json}Content-Length: 100\r\n\r\n{"items":[`)],
    ['chunks that do not end', raw(`${json}Transfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n`)],
  ] satisfies readonly (readonly [id: string, bytes: HttpInput['bytes']])[]
).map(([id, bytesOf]) => ({ id, bytes: bytesOf, expect: [408, 'closed'], slow: true }))

/** All rows that must be refused. */
export const badInputs: readonly HttpInput[] = [
  ...[notJson, encodings, ambiguous, floods, shapes, types].flat().map(toInput),
  ...[framing, requestLines, headers, queries, pipelines].flat().map(toInput),
  ...slow,
]

/** Their good twins. */
export const goodInputs: readonly HttpInput[] = (
  [
    ['a mint', post(good), 202],
    ['white space around it', post(`\r\n ${good}\t`), 202],
    [
      'charset=utf-8',
      request({ body: good, headers: { 'Content-Type': 'application/json; charset=utf-8' } }),
      202,
    ],
    [
      'a quoted charset in capitals',
      request({ body: good, headers: { 'Content-Type': 'Application/JSON;charset="UTF-8"' } }),
      202,
    ],
    [
      'content encoding identity',
      request({ body: good, headers: { 'Content-Encoding': 'identity' } }),
      202,
    ],
    ['chunks', raw(`${json}Transfer-Encoding: chunked\r\n\r\n${chunks}`), 202],
    ['a pair of surrogates by escape', post(withName('"\\ud83d\\ude00"')), 202],
    ['an emoji', post(mint({ name: '😀' })), 202],
    ['escaped quotes and backslashes', post(mint({ name: 'a"b\\c\\"' })), 202],
    ['brackets and commas in a string', post(mint({ name: '{"a":[1,2],}' })), 202],
    ['markup', post(mint({ name: '<script>alert(1)</script>' })), 202],
    ['a whole number by exponent', post(withMember('"edition":{"number":1e2}')), 202],
    ['2^53 - 1', post(withMember('"edition":{"number":9007199254740991}')), 202],
    [
      '1,000 items',
      post(JSON.stringify({ items: Array.from({ length: 1_000 }, () => item) })),
      202,
    ],
    ['a list', get('/v1/mints'), 200],
    ['a list with a limit', get('/v1/mints?limit=5'), 200],
    ['a search in UTF-8', get('/v1/mints?search=caf%C3%A9%20%F0%9F%98%80'), 200],
    ['a Host with a port', get('/v1/mints', { Host: '127.0.0.1:8080' }), 200],
    ['a Host in IPv6', get('/v1/mints', { Host: '[::1]:8080' }), 200],
    [
      'Expect: 100-continue',
      request({ body: good, headers: { Expect: '100-continue' } }),
      100,
      202,
    ],
  ] as const satisfies readonly Row[]
).map(toInput)
