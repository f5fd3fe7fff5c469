import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate authority, and what it has signed, as files (openssl). */
export type Authority = {
  /** Its own certificate. */
  file: string
  /** A certificate for a host name or a person, with its key; for two days, unless more are wanted. */
  issue(
    name: string,
    days?: number,
  ): { certificate: string; key: string; certificateFile: string; keyFile: string }
  /** Deletes all files. */
  remove(): void
}

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'))
  const at = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA')
  return {
    file: at('ca.pem'),
    issue(name, days = 2) {
      openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      writeFileSync(at(`${name}.ext`), `subjectAltName=DNS:${name}\n`)
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-days',
        `${days}`,
        '-extfile',
        `${name}.ext`,
      )
      const [certificateFile, keyFile] = [at(`${name}.pem`), at(`${name}.key`)]
      const read = (file: string) => readFileSync(file, 'utf8')
      return { certificate: read(certificateFile), key: read(keyFile), certificateFile, keyFile }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
