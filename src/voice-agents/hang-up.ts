import { WebSocket } from 'ws'
import { loopDelay } from '../runtime/loop-delay.ts'

const CLOSE_PATIENCE_MS = 2_000

/** Closes a vendor's socket in good order, and cuts it off when that takes too long; at once when it is not open yet. */
export function hangUp(socket: WebSocket): void {
  if (socket.readyState === WebSocket.CLOSED) return
  if (socket.readyState === WebSocket.CONNECTING) {
    socket.terminate()
    return
  }
  socket.once(
    'close',
    loopDelay.after(CLOSE_PATIENCE_MS, () => socket.terminate()),
  )
  socket.close(1000)
}
