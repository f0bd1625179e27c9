/** How all plots look. @module */

import type UPlot from 'uplot'

/** @returns the colour behind a custom property, as a canvas understands it. */
export function colourOf(property: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${property})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

const font = '11px system-ui, sans-serif'
const windowSeconds = 600

/** What differs from plot to plot. */
export type Look = {
  /** CSS pixels. */
  readonly width: number
  readonly format: (value: number) => string
  readonly whole: boolean
}

/** @param lines - Colours as a canvas understands them. */
export function plotOptions(
  lines: readonly { readonly name: string; readonly colour: string }[],
  { width, format, whole }: Look,
): UPlot.Options {
  const grid = { stroke: colourOf('--line'), width: 1 }
  const axis = { stroke: colourOf('--text-quiet'), font, ticks: { show: false } }
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
  return {
    width,
    height: 150,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      // A fixed window, so that the first minutes do not look like a rush.
      x: { time: true, range: (_, __, max) => [max - windowSeconds, max] },
      y: { range: (_, __, max) => [0, niceMax(max)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 70,
        values: (_, at) => at.map((t) => clock.format(t * 1000)),
      },
      {
        ...axis,
        grid,
        size: 52,
        space: 32,
        values: (_, values) => values.map((value) => (value === 0 ? '0' : format(value))),
        ...(whole ? { incrs: [1, 2, 5].flatMap(powers).sort((a, b) => a - b) } : {}),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, colour }, index) => ({
        label: name,
        stroke: colour,
        width: 1.5,
        points: { show: false },
        ...(index === 0 ? { fill: colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.1)') } : {}),
      })),
    ],
  }
}

/** Room above the line, and a scale of some height while all is zero. */
const niceMax = (max: number): number => (max > 0 ? max * 1.15 : 1)

const powers = (digit: number): readonly number[] =>
  Array.from({ length: 10 }, (_, power) => digit * 10 ** power)
