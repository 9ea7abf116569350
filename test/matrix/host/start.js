// Starts the service of app.js: the first token, and a clean end. Called server.js on the page that shows it.
const { once } = require('node:events')
const { app, latchkey, store } = require('./app.js')

async function main() {
  const server = app.listen(3000)
  await once(server, 'listening')
  const first = await latchkey.createFirst({ name: 'first', owner: 'admin', scopes: ['*'] })
  if (first !== undefined) console.log(`The first token, shown this once: ${first.token}`)

  await once(process, 'SIGTERM')
  server.close()
  await once(server, 'close')
  // Writes the last uses that are still in memory.
  await latchkey.close()
  await store.close()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
