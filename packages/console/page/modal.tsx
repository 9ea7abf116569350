import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { status } from './session'

/**
 * A modal dialog. It hides while nobody is signed in, and keeps what was typed into it. `isHeld`: it holds what is shown only
 * once, so it hides never, and nothing but its own buttons closes it.
 */
export function Modal({
  title,
  isHeld = false,
  onClose,
  children,
}: {
  readonly title: string
  readonly isHeld?: boolean
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  const element = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const isShown = isHeld || status.value === 'signed-in'

  useLayoutEffect(() => {
    const { current } = element
    if (!isShown || current === null) return
    if (!current.open) current.showModal()
    // Closed, not only taken away: then the focus goes back to where it was.
    return () => current.close()
  }, [isShown])

  function closed(): void {
    const { current } = element
    // It was closed from here.
    if (current === null || !current.isConnected || current.open || !(isHeld || status.peek() === 'signed-in')) return
    if (isHeld) current.showModal()
    else onClose()
  }

  return (
    <dialog
      ref={element}
      class="card"
      aria-labelledby={titleId}
      {...(isHeld && { closedby: 'none' })}
      onKeyDown={(event) => {
        if (isHeld && event.key === 'Escape') event.preventDefault()
      }}
      onCancel={(event) => {
        if (isHeld) event.preventDefault()
      }}
      onClose={closed}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  )
}
