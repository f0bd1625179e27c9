/** The frame of the page: navigation, state of the server, who is signed in. @module */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { route } from './state/route.ts'
import { useStore } from './state/store.ts'
import type { Me } from './types.ts'
import { Account } from './ui/account.tsx'
import { Banner } from './ui/banner.tsx'
import { Icon } from './ui/icon.tsx'
import { Navigation } from './ui/navigation.tsx'
import { ServerState } from './ui/server-state.tsx'

/** A column at the side; on a phone a bar with a menu. */
export function Shell({
  me,
  children,
}: {
  readonly me: Me
  readonly children: ComponentChildren
}): JSX.Element {
  const place = useStore(route)
  const [open, setOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const path = place.path.join('/')
  useEffect(() => setOpen(false), [path])
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setOpen(false)
    }
    addEventListener('keydown', close)
    return () => removeEventListener('keydown', close)
  }, [])
  return (
    <div class="shell">
      {/* biome-ignore lint/a11y/useValidAnchor: it does lead to a place of the page */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault() // the hash is the route
          main.current?.focus()
        }}
      >
        Skip to the content
      </a>
      <header class={open ? 'side open' : 'side'}>
        <div class="side-top">
          <a class="brand" href="#/">
            fcl-kms
          </a>
          <ServerState me={me} />
          <button
            type="button"
            class="menu"
            aria-expanded={open}
            aria-controls="menu"
            onClick={() => setOpen(!open)}
          >
            <Icon name="menu" /> Menu
          </button>
        </div>
        <div class="side-menu" id="menu">
          <Navigation me={me} current={place.path[0] ?? ''} />
          <Account me={me} />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Banner me={me} />
        {children}
      </main>
    </div>
  )
}
