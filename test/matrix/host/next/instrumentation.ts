/** Prints a first token when the server starts. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { latchkey } = await import('./lib/latchkey')
  const { token } = await latchkey.create({ name: 'first', owner: 'ada', scopes: ['*'] })
  console.log(`token: ${token}`)
}
