import { EmbeddedPostgresError } from '../persistence/postgres-programs.ts'
import { UnusableDatabase } from './unusable-database.ts'

type Fault = NodeJS.ErrnoException & { address?: string; port?: number }

/** The faults that people meet, each with its mend; what is left is ours, and comes with its stack. */
export function whyNotStarted(error: unknown): string {
  const { code, syscall, address, port, path, stack } = error as Fault
  if (syscall === 'listen' && ['EADDRNOTAVAIL', 'ENOTFOUND', 'EINVAL'].includes(code ?? ''))
    return `HOST: ${address} is no address of this machine (${code}); 0.0.0.0 is all of them`
  if (syscall === 'listen')
    return `PORT: ${port} on ${address} cannot be listened on (${code}); set PORT to another`
  if (path && ['EEXIST', 'ENOTDIR'].includes(code ?? '')) {
    return `DATA_DIR: ${path} is not a folder (${code}); set DATA_DIR to one, or to where one can be made`
  }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `DATA_DIR: ${path ?? 'its disk'} cannot be written, for there is no space left (${code}); make some, or set DATA_DIR to another disk`
  if (path && ['EACCES', 'EPERM', 'EROFS'].includes(code ?? '')) {
    return `DATA_DIR: ${path} cannot be written by this user (${code}); mend its owner or set DATA_DIR to another folder`
  }
  const isTold = error instanceof UnusableDatabase || error instanceof EmbeddedPostgresError
  return isTold ? error.message : `The service could not start: ${stack ?? error}`
}
