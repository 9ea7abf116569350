import { useEffect } from 'preact/hooks'
import { credential } from './api'
import { CONFIG } from './config'
import { Details } from './details'
import { ExplainDialog } from './explain-dialog'
import { FilterBar } from './filters'
import { count } from './format'
import { total } from './list'
import { RevokeDialog } from './revoke-dialog'
import { IssuedDialog, RotateDialog } from './secret-dialogs'
import { capabilities, status } from './session'
import { SignIn } from './sign-in'
import { announce, announcement, dialog, issued, leave, refreshAll } from './state'
import { CreateDialog, DeleteDialog, EditDialog } from './token-dialogs'
import { TokenTable } from './token-table'
import { Progress } from './ui'
import { openedId } from './view'

export function App() {
  const isSignedIn = status.value === 'signed-in'
  return (
    <>
      <header class="head">
        <div>
          <h1>{CONFIG.title}</h1>
          {isSignedIn && <Summary />}
        </div>
        {isSignedIn && <HeadActions />}
      </header>
      <main>
        {status.value === 'starting' && <Progress when label="Loading" />}
        {status.value === 'signed-out' && <SignIn />}
        {isSignedIn && (
          <>
            <FilterBar />
            <div class={openedId.value === '' ? 'columns' : 'columns with-details'}>
              <TokenTable />
              <Details />
            </div>
          </>
        )}
      </main>
      <Announcement />
      <Dialogs />
    </>
  )
}

function Summary() {
  const { owner, personal } = capabilities.value ?? {}
  return (
    <p class="summary">
      <span role="status">{total.value === undefined ? '' : count(total.value, 'token')}</span>
      <span>
        Signed in as{' '}
        <strong>
          <bdi>{owner}</bdi>
        </strong>
        {personal && <span class="tag">Personal</span>}
      </span>
    </p>
  )
}

function HeadActions() {
  const { may } = capabilities.value ?? {}
  return (
    <div class="buttons">
      {may?.read && (
        <button
          type="button"
          class="button"
          onClick={() => {
            dialog.value = { kind: 'explain' }
          }}
        >
          Why is a token refused?
        </button>
      )}
      <button type="button" class="button" onClick={refreshAll}>
        Refresh
      </button>
      {credential.value !== undefined && (
        <button type="button" class="button" onClick={leave}>
          Sign out
        </button>
      )}
      {may?.write && (
        <button
          type="button"
          class="button primary"
          onClick={() => {
            dialog.value = { kind: 'create' }
          }}
        >
          Create token
        </button>
      )}
    </div>
  )
}

const ANNOUNCED_MS = 8_000

function Announcement() {
  const sentence = announcement.value
  useEffect(() => {
    if (sentence === '') return
    const timer = setTimeout(() => announce(''), ANNOUNCED_MS)
    return () => clearTimeout(timer)
  }, [sentence])
  return (
    <div role="status" class={sentence === '' ? 'quiet' : 'toast'}>
      {sentence}
    </div>
  )
}

function Dialogs() {
  const current = dialog.value
  return (
    <>
      {current?.kind === 'create' && <CreateDialog />}
      {current?.kind === 'edit' && <EditDialog key={current.token.id} token={current.token} />}
      {current?.kind === 'rotate' && <RotateDialog key={current.token.id} token={current.token} />}
      {current?.kind === 'delete' && <DeleteDialog key={current.token.id} token={current.token} />}
      {current?.kind === 'revoke' && <RevokeDialog />}
      {current?.kind === 'explain' && <ExplainDialog />}
      {issued.value !== undefined && <IssuedDialog key={issued.value.token} token={issued.value} />}
    </>
  )
}
