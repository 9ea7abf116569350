// Preloaded into an example: it listens on a free port instead of its own, and tells the parent which.
import { Server } from 'node:net'

const { listen } = Server.prototype
Server.prototype.listen = function listenAnywhere(...args) {
  this.once('listening', () => process.send({ port: this.address().port }))
  const told = args.filter((arg) => typeof arg === 'function')
  return listen.call(this, 0, '127.0.0.1', ...told)
}
