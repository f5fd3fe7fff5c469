/** Prints for whoever reads a command's output, and ends quietly when they have read enough of it (`| head`). */
export function linePrinter(): (line: string) => void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  return (line) => void process.stdout.write(`${line}\n`)
}
