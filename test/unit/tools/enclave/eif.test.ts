import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

type Parts = { kernel: Uint8Array; commandLine: string; ramdisks: readonly Uint8Array[] }
type About = { name: string; version: string; kernelVersion: string }
type Tools = {
  createImage(parts: Parts, about: About): Buffer
  readImage(file: Uint8Array): Parts & { metadata: { ImageName: string } }
  measure(parts: Parts): { pcr0: string; pcr1: string; pcr2: string }
}
const eif = new URL('../../../../tools/lib/enclave/eif.mjs', import.meta.url).href
const measurements = new URL('../../../../tools/lib/enclave/measurements.mjs', import.meta.url).href
const { createImage, readImage } = (await import(eif)) as Tools // as in their JSDoc
const { measure } = (await import(measurements)) as Tools

const about = { name: 'mint-signer', version: '1', kernelVersion: '6.12' }
const kernel = Uint8Array.from({ length: 1024 }, (_, at) => at % 256)
kernel.set(Buffer.from('HdrS'), 0x202)
kernel[0x236] = 1
const second = Uint8Array.from({ length: 3000 }, (_, at) => (at * 7) % 251)
const parts: Parts = {
  kernel,
  commandLine: 'console=ttyS0 panic=-1',
  ramdisks: [Buffer.from('first\n'), second, Buffer.from('third')],
}
const twoRamdisks = { ...parts, ramdisks: parts.ramdisks.slice(0, 2) }

/** Of the same parts by AWS's own `EifBuilder`, of the crate aws-nitro-enclaves-image-format 0.8.1. */
const byAws = {
  two: {
    sha256: '7956439ff32d0d32f23b36868b1073e11c1095c0fa8edd17ac805f9e97b29495',
    pcr0: '7ee258c8f77e77cfe9b95363b72a08fce9e4b888acded5cb40902d92de3d83eb5b01105614da14d5b9048c55f4e574cd',
    pcr1: '407a1e6cb81b3a1362c08b302d97e866505c9514605b9273825648abbb8d376cebd62b40443c365b06e8e104d82de97e',
    pcr2: '5a6c8b23b86c956e265d37fbae87f4aa6d2ee47ef47c88cce0264c2d7eb3b3a2c00d56277ee5d249f723625cb019d36e',
  },
  three: {
    sha256: 'e4d5ba1822044bc8cad13423d1781c72d039f06d8a0e3be39f1d4c7ea479a082',
    pcr0: '821564147fcef46a7a87830b0e8af6fbead6d9e3b013aaefd1188111f5817235327b72eac64e421064033d13e7e7914a',
    pcr1: '407a1e6cb81b3a1362c08b302d97e866505c9514605b9273825648abbb8d376cebd62b40443c365b06e8e104d82de97e',
    pcr2: '9d494137ef35f16e995240ccb0cae7c50a2ce32608335a72cb795e1ee3f300059b9f1c71e173b43cf8b74ed83e619a31',
  },
}

describe.each([
  ['two', twoRamdisks],
  ['three', parts],
] as const)('an image with %s ramdisks', (name, image) => {
  it("is the file that AWS's builder makes", () => {
    const file = createImage(image, about)
    expect(createHash('sha256').update(file).digest('hex')).toBe(byAws[name].sha256)
  })

  it("has the measurements that AWS's builder prints", () => {
    const { sha256: _, ...measurements } = byAws[name]
    expect(measure(image)).toEqual(measurements)
  })

  it('is read as what it was made of', () => {
    const read = readImage(createImage(image, about))
    expect(read.metadata.ImageName).toBe('mint-signer')
    expect(Buffer.from(read.kernel).equals(kernel)).toBe(true)
    expect(read.commandLine).toBe(image.commandLine)
    expect(read.ramdisks.map((ramdisk) => Buffer.from(ramdisk).toString('hex'))).toEqual(
      image.ramdisks.map((ramdisk) => Buffer.from(ramdisk).toString('hex')),
    )
  })
})

describe('readImage', () => {
  const file = createImage(parts, about)
  /** A file with other bytes somewhere, and a checksum that fits. */
  const forged = (at: number, ...bytes: number[]): Buffer => {
    const copy = Buffer.from(file)
    copy.set(bytes, at)
    copy.writeUInt32BE(crc32(copy.subarray(548), crc32(copy.subarray(0, 544))), 544)
    return copy
  }

  const isRefused = (image: Uint8Array): boolean => {
    try {
      return readImage(image) === undefined
    } catch (error) {
      return /^(The|This) .*\.$/.test((error as Error).message)
    }
  }

  it('refuses a file of which one bit was turned, wherever', () => {
    const turned = (at: number): Buffer =>
      Buffer.from(file.map((byte, i) => (i === at ? byte ^ 1 : byte)))
    expect([...file.keys()].filter((at) => !isRefused(turned(at)))).toEqual([])
  })

  it('refuses a file that was cut off, wherever', () => {
    expect([...file.keys()].filter((length) => !isRefused(file.subarray(0, length)))).toEqual([])
  })

  it.each([
    ['of another version', forged(5, 3), /of version 3/],
    ['for arm64', forged(7, 1), /for arm64/],
    ['with a flag that nobody knows', forged(6, 1), /bits set/],
    ['with reserved bits', forged(25, 1), /bits set/],
    ['with more sections than it has', forged(27, 7), /sections are not where/],
    ['with fewer sections than it has', forged(27, 5), /sections are not where/],
    ['with a section out of place', forged(28 + 7, 0x25), /sections are not where/],
    ['with a section beyond its end', forged(284 + 5 * 8 + 4, 1), /sections are not where/],
    ['with a section that contradicts', forged(548 + 11, 1), /contradicts/],
    ['with flags of a section', forged(548 + 3, 1), /contradicts/],
    ['with a signature', forged(file.length - 5 - 11, 4), /in this order/],
    ['with bytes after its end', Buffer.concat([file, Buffer.from('x')]), /follow its last/],
    ['with metadata that is no JSON', forged(file.indexOf('{"Image'), 0), /not JSON/],
  ])('refuses an image %s', (_, image, sentence) => {
    expect(() => readImage(image)).toThrow(sentence)
  })
})

describe('createImage', () => {
  const with32Bits = Uint8Array.from(kernel)
  with32Bits[0x236] = 0
  it.each([
    ['a kernel of another architecture', { kernel: new Uint8Array(1024) }, /no bzImage for x86/],
    ['an empty kernel', { kernel: new Uint8Array() }, /no bzImage for x86/],
    ['a kernel for 32 bits', { kernel: with32Bits }, /for 32 bits/],
    ['no command line', { commandLine: '' }, /command line/],
    ['a command line of two lines', { commandLine: 'a\nb' }, /command line/],
    ['no ramdisk', { ramdisks: [] }, /holds 1 to 29 ramdisks, not 0/],
    ['30 ramdisks', { ramdisks: Array(30).fill(second) }, /holds 1 to 29 ramdisks, not 30/],
  ])('refuses %s', (_, change, sentence) => {
    expect(() => createImage({ ...parts, ...change }, about)).toThrow(sentence)
  })
})

describe('measure', () => {
  const { pcr0, pcr1, pcr2 } = measure(parts)
  it.each([
    ['the kernel', { kernel: second }, [false, false, true]],
    ['the command line', { commandLine: 'quiet' }, [false, false, true]],
    ['the first ramdisk', { ramdisks: [second, ...parts.ramdisks.slice(1)] }, [false, false, true]],
    ['another ramdisk', { ramdisks: [parts.ramdisks[0] ?? second, second] }, [false, true, false]],
  ])('shows another %s', (_, change, same) => {
    const other = measure({ ...parts, ...change })
    expect([other.pcr0 === pcr0, other.pcr1 === pcr1, other.pcr2 === pcr2]).toEqual(same)
  })
})
