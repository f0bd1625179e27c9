/** A live plot by uPlot, with a table that says the same. @module */

import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import UPlot from 'uplot'
import { useStore } from '../state/store.ts'
import { colours } from '../state/theme.ts'
import { colourOf, plotOptions } from './plot-options.ts'
import { PlotTable } from './plot-table.tsx'

/** One line of a plot. */
export type Series = {
  readonly name: string
  /** A custom property of the style sheet, such as `--series-1`. */
  readonly colour: string
  /** One value for each time; null where there is none. */
  readonly values: readonly (number | null)[]
}

type Props = {
  readonly title: string
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
  /** Counts: the scale has no fractions. */
  readonly whole?: boolean
}

/** The newest value of each series stands in the caption. */
export function Plot({ title, times, series, format, whole = false }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | undefined>(undefined)
  const round = useStore(colours)
  const [open, setOpen] = useState(false)
  const data = useMemo<UPlot.AlignedData>(
    () => [[...times], ...series.map(({ values }) => [...values])],
    [times],
  )
  const names = series.map(({ name }) => name).join()

  useEffect(() => {
    const element = box.current
    if (!element) return
    const lines = series.map(({ name, colour }) => ({ name, colour: colourOf(colour) }))
    const made = new UPlot(
      plotOptions(lines, { width: element.clientWidth, format, whole }),
      data,
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: made.height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [names, round])
  useEffect(() => plot.current?.setData(data), [data])

  const summary = series.map(({ name, values }) => `${name} ${last(values, format)}`).join(', ')
  return (
    <figure class="panel plot">
      <figcaption>
        <h2>{title}</h2>
        <ul class="legend">
          {series.map(({ name, colour, values }) => (
            <li key={name}>
              <span class="swatch" style={{ background: `var(${colour})` }} />
              {name} <b>{last(values, format)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        class="canvas-box"
        ref={box}
        role="img"
        aria-label={`${title}, last ten minutes. Now: ${summary}`}
      />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>As a table</summary>
        {open && <PlotTable title={title} times={times} series={series} format={format} />}
      </details>
    </figure>
  )
}

const last = (values: readonly (number | null)[], format: (value: number) => string): string => {
  const value = values.at(-1)
  return value === null || value === undefined ? '–' : format(value)
}
