/** The model of mainnet as a picture: an SVG made by hand, readable on white and on black. @module */

const WIDTH = 760
const HEIGHT = 470
const area = { left: 78, right: 682, top: 66, bottom: 366 }
/** Transactions a second at the foot and the head of the picture. */
const Y_RANGE = [1, 300]
const Y_TICKS = [1, 2, 5, 10, 20, 50, 100, 200]
/** Told apart also without colour, by their dashes and marks. */
const STYLES = [
  { light: '#0b62c4', dark: '#6cb2ff', dash: '', mark: 'circle' },
  { light: '#0b62c4', dark: '#6cb2ff', dash: '2 5', mark: 'square' },
  { light: '#b3430a', dark: '#ffa066', dash: '', mark: 'circle' },
  { light: '#b3430a', dark: '#ffa066', dash: '2 5', mark: 'square' },
]

/**
 * @param model `sizes`; `lines`: one for each configuration, with `name` and `points`, transactions
 *   a second for each size; `mintsATransaction`; `fullTransactionsASecond`; `notes`, lines of text
 */
export function plotOf({ sizes, lines, mintsATransaction, fullTransactionsASecond, notes }) {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const along = (value, low, high) => Math.log(value / low) / Math.log(high / low)
  const x = (size) => area.left + along(size, least, most) * (area.right - area.left)
  const y = (rate) => {
    const share = along(Math.max(rate, Y_RANGE[0]), ...Y_RANGE)
    return area.bottom - share * (area.bottom - area.top)
  }
  const number = (value) => value.toFixed(1)
  const text = (atX, atY, words, rest = '') =>
    `<text x="${number(atX)}" y="${number(atY)}" ${rest}>${words}</text>`
  const rule = (x1, y1, x2, y2, kind) =>
    `<line x1="${number(x1)}" y1="${number(y1)}" x2="${number(x2)}" y2="${number(y2)}" class="${kind}"/>`

  const grid = [
    ...Y_TICKS.flatMap((tick) => [
      rule(area.left, y(tick), area.right, y(tick), 'grid'),
      text(area.left - 8, y(tick) + 4, tick, 'text-anchor="end"'),
      text(area.right + 8, y(tick) + 4, (tick * mintsATransaction).toLocaleString('en')),
    ]),
    ...sizes.flatMap((size) => [
      rule(x(size), area.bottom, x(size), area.bottom + 5, 'axis'),
      text(x(size), area.bottom + 20, size, 'text-anchor="middle"'),
    ]),
    rule(area.left, area.bottom, area.right, area.bottom, 'axis'),
    rule(area.left, area.top, area.left, area.bottom, 'axis'),
    rule(area.right, area.top, area.right, area.bottom, 'axis'),
  ]
  const limit = y(fullTransactionsASecond)
  const ceiling = [
    rule(area.left, limit, area.right, limit, 'limit'),
    text(
      area.right - 6,
      limit + 16,
      `full batches: the network executes about ${fullTransactionsASecond} a second, ` +
        `${(fullTransactionsASecond * mintsATransaction).toLocaleString('en')} mints`,
      'text-anchor="end"',
    ),
  ]
  const mark = (kind, atX, atY, index) =>
    kind === 'circle'
      ? `<circle cx="${number(atX)}" cy="${number(atY)}" r="4" class="fill${index}"/>`
      : `<rect x="${number(atX - 4)}" y="${number(atY - 4)}" width="8" height="8" class="fill${index}"/>`
  const curves = lines.flatMap(({ points }, index) => {
    const places = points.map((rate, at) => [x(sizes[at]), y(rate)])
    const path = places.map((place) => place.map(number).join(',')).join(' ')
    const marks = places.map(([atX, atY]) => mark(STYLES[index].mark, atX, atY, index))
    return [`<polyline points="${path}" class="line${index}"/>`, ...marks]
  })
  const legend = lines.flatMap(({ name }, index) => {
    const [atX, atY] = [area.left + 16, area.top + 18 + 20 * index]
    return [
      rule(atX, atY, atX + 34, atY, `line${index}`),
      mark(STYLES[index].mark, atX + 17, atY, index),
      text(atX + 44, atY + 4, name),
    ]
  })
  const middle = (area.top + area.bottom) / 2
  const titles = [
    text(area.left, 26, 'One account on a model of mainnet', 'class="title"'),
    text(area.left, 46, 'transactions executed a second, as the pool of proposal keys grows'),
    text((area.left + area.right) / 2, area.bottom + 42, 'proposal keys', 'text-anchor="middle"'),
    text(
      0,
      0,
      'transactions a second',
      `text-anchor="middle" transform="translate(26 ${middle}) rotate(-90)"`,
    ),
    text(
      0,
      0,
      `mints a second, ${mintsATransaction} in each`,
      `text-anchor="middle" transform="translate(${WIDTH - 8} ${middle}) rotate(-90)"`,
    ),
    ...notes.map((note, index) =>
      text(area.left, area.bottom + 64 + 16 * index, note, 'class="note"'),
    ),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Transactions a second against the size of the pool">`,
    `<style>${styles()}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" class="ground"/>`,
    ...grid,
    ...ceiling,
    ...curves,
    ...legend,
    ...titles,
    '</svg>',
    '',
  ].join('\n')
}

function styles() {
  const line = (color, dash, index) =>
    `.line${index}{fill:none;stroke:${color};stroke-width:2;stroke-dasharray:${dash || 'none'}}.fill${index}{fill:${color}}`
  const scheme = ({ ground, ink, faint, limit }, colors) =>
    `.ground{fill:${ground}}text{fill:${ink}}.axis{stroke:${ink}}.grid{stroke:${faint}}.limit{stroke:${limit}}` +
    colors.map((color, index) => line(color, STYLES[index].dash, index)).join('')
  const light = { ground: '#ffffff', ink: '#1f2328', faint: '#d9dee3', limit: '#6b7178' }
  const dark = { ground: '#0d1117', ink: '#e6edf3', faint: '#30363d', limit: '#9aa4ae' }
  const [lights, darks] = [STYLES.map((style) => style.light), STYLES.map((style) => style.dark)]
  return (
    'text{font:13px system-ui,sans-serif}.title{font-size:16px;font-weight:600}.note{font-size:11.5px}' +
    `.limit{stroke-dasharray:8 4}${scheme(light, lights)}` +
    `@media (prefers-color-scheme:dark){${scheme(dark, darks)}}`
  )
}
