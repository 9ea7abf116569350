const { dataset } = document.documentElement

/** What the document says of the page. */
export const CONFIG = {
  title: document.title,
  takesTokenLink: 'tokenLink' in dataset,
  /** Whether the visitor may be signed in without a token. */
  maySignIn: 'maySignIn' in dataset,
  /** Whether a token opens nothing here. */
  sessionOnly: 'sessionOnly' in dataset,
}

/** The path of the routes, without a slash at its end: the page is at `<mount>/console/`. */
export const MOUNT = location.pathname.replace(/\/console\/$/, '')
