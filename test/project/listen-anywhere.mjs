// Preloaded into an example: it listens on a free port instead of its own, and tells the parent which.
import { Server } from 'node:net'

const { listen } = Server.prototype
Server.prototype.listen = function listenAnywhere() {
  this.once('listening', () => process.send({ port: this.address().port }))
  return listen.call(this, 0, '127.0.0.1')
}
