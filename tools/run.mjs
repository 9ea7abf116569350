// Entry of the root scripts: node tools/run.mjs <command> [args]. Only built-in modules, since it runs before anything
// is installed; and nothing is imported before the version check, so that an old Node gets a sentence, not a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`latchkey: Node 20.19 or newer is needed; this is Node ${process.versions.node}.`)
  process.exitCode = 1
} else {
  const { main } = await import('./commands.mjs')
  await main(process.argv.slice(2))
}
