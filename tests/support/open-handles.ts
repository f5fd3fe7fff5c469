/** Sockets, servers and timers that keep the process alive. */
export function openHandles(): string[] {
  const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'Timeout']
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind))
}

/** What is there now and was not before; a timer of the test runner that has meanwhile fired is no concern of ours. */
export function addedTo(before: string[], now: string[]): string[] {
  const known = [...before]
  return now.filter((kind) => {
    const at = known.indexOf(kind)
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}
