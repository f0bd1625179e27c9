/** A table in Markdown that is also readable as text, with numbered notes below. @module */

/** @param {string} [peerName] heading of the second column; without one there is none */
export function createTable(peerName) {
  const lines = [['what', 'fcl-kms', peerName ?? '', 'bare', 'bar', 'met?']]
  /** @type {string[]} */
  const notes = []
  return {
    /** @returns {string} the mark of a new note, to put into a cell */
    note: (text) => `[${notes.push(text)}]`,
    /** Cells that are left out show a dash; so does `met` of a row without a bar. */
    row({ what, ours = '–', peer = '–', bare = '–', bar = '–', met }) {
      lines.push([what, ours, peer, bare, bar, met === undefined ? '–' : met ? 'met' : 'missed'])
    },
    print() {
      const shown = lines.map((line) => line.filter((_, column) => column !== 2 || peerName))
      const widths = shown[0].map((_, column) =>
        Math.max(...shown.map((line) => line[column].length)),
      )
      const print = (cells) =>
        `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
      const [heading, ...rows] = shown.map(print)
      const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
      const numbered = notes.map((text, index) => `[${index + 1}] ${text}`)
      return [heading, rule, ...rows, '', ...numbered].join('\n')
    },
  }
}
