/** Prints for whoever reads a command's output, and ends quietly when they have read enough of it (`| head`). */
export function linePrinter(): (line: string) => void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  return (line) => void process.stdout.write(`${line}\n`)
}

/** A service lives on when whoever read its output has gone (`npm start | head`): calls and database end in order. */
export function ignoreClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}
