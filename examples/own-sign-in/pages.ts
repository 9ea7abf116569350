/** The first page: the sign-in form, or what there is for somebody who is signed in. */
export function home(name: string | undefined): string {
  if (name === undefined) return signInForm('')
  return page(`<p>Signed in as ${name}.</p>
<p><a href="/account/tokens/console/">API tokens</a></p>
<form method="post" action="/sign-out"><button>Sign out</button></form>`)
}

/** `problem`: why the last attempt failed, or empty. */
export function signInForm(problem: string): string {
  return page(`<p role="alert">${problem}</p>
<form method="post" action="/sign-in">
<p><label>Name <input name="name" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<button>Sign in</button>
</form>`)
}

function page(content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Acme reports</title>
<body style="font: 16px/1.5 system-ui; max-width: 30rem; margin: 3rem auto; padding: 0 1rem">
<h1>Acme reports</h1>
${content}
`
}
