/** The values of a plot as a table: one row a minute, newest first. @module */

import type { JSX } from 'preact'
import type { Series } from './plot.tsx'

type Props = {
  readonly title: string
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
}

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** At most eleven rows, of the ten minutes that are kept. */
export function PlotTable({ title, times, series, format }: Props): JSX.Element {
  const rows = times
    .map((_, index) => index)
    .filter((index) => (times.length - 1 - index) % 60 === 0)
    .reverse()
  return (
    <div class="table-box">
      <table>
        <caption class="unseen">{title}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((index) => (
            <tr key={times[index]}>
              <th scope="row">{clock.format((times[index] ?? 0) * 1000)}</th>
              {series.map(({ name, values }) => {
                const value = values[index]
                return (
                  <td key={name} class="number">
                    {value === null || value === undefined ? '–' : format(value)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
