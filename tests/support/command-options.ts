const WRONG_USAGE = 2

/** What a command was given, as `read` reads it. `--help` prints how it is used; what `read` throws is said, and ends it with 2. */
export function commandOptions<Options>(usage: string, read: (args: string[]) => Options): Options {
  const args = process.argv.slice(2)
  if (args.some((arg) => ['--help', '-h'].includes(arg))) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  try {
    return read(args)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`)
    process.exit(WRONG_USAGE)
  }
}
