// A real Bluesky PDS for the tests: on 127.0.0.1 only, in memory and a temporary folder, until
// standard input closes. Run it in the folder that holds node_modules.
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'

// The package lets its servers listen on every address of the machine; this keeps them inside.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  const ready = rest.find((given) => typeof given === 'function')
  return listen.call(this, { port: Number(port?.port ?? port ?? 0), host: '127.0.0.1' }, ready)
}

const require = createRequire(path.join(process.cwd(), 'package.json'))
const { TestNetworkNoAppView } = require('@atproto/dev-env')

const network = await TestNetworkNoAppView.create({})
process.stdin.resume()
process.stdin.on('end', async () => {
  await network.close()
  process.exit(0)
})
console.log(JSON.stringify({ ready: `http://127.0.0.1:${network.pds.port}` }))
