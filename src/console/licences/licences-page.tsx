import { useRead } from '../api/use-read.ts'

/** A package that is a part of this page, as Vite lists those that it bundles. */
type Package = { name: string; version: string; identifier?: string; text?: string }

/** What others wrote that this page is made of, and under which licence. */
export function LicencesPage() {
  const { value: packages, fault } = useRead<Package[]>('/console/licences.json')
  return (
    <>
      <div className="page-head">
        <h1>Licences</h1>
        <p className="hint">
          The console is made with these packages. Their sources are at npmjs.com, under the name and version
          given here.
        </p>
      </div>
      <section className="card" aria-label="Packages">
        <p className="fault" role="status">
          {fault}
        </p>
        <ul className="entries">
          {packages?.map(({ name, version, identifier, text }) => (
            <li key={`${name} ${version}`} className="entry licence">
              <details>
                <summary>
                  {name} {version} <span className="badge">{identifier ?? 'see below'}</span>
                </summary>
                <p>
                  <a href={`https://www.npmjs.com/package/${name}/v/${version}`} rel="noreferrer">
                    Source of {name}
                  </a>
                </p>
                <pre>{text ?? `No text comes with the package; ${identifier} is its licence.`}</pre>
              </details>
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}
