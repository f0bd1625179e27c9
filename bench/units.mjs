/** Numbers as people read them. @module */

export const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`
export const seconds = (milliseconds) => `${(milliseconds / 1_000).toFixed(2)} s`
export const count = (value) => value.toLocaleString('en')
export const bytes = (value) => `${count(Math.round(value))} B`
export const kilobytes = (value) => `${(value / 1_000).toFixed(1)} kB`
export const megabytes = (value) => `${(value / 1e6).toFixed(2)} MB`
export const times = (value) => `${value.toFixed(value < 10 ? 2 : 1)} ×`
