import { type CarrierCoverage, shareOf } from '../../model/carrier-coverage.ts'
import { CARRIERS, carrierWords } from '../parts/carrier-words.ts'
import { When } from '../parts/when.tsx'

/** A column for each carrier, also for one over which nothing was measured. */
export function CoverageTable({ carriers }: { carriers: readonly CarrierCoverage[] }) {
  const columns = CARRIERS.map((name) => ({
    name,
    measured: carriers.find(({ carrier }) => carrier === name) ?? null,
  }))
  const rows = [
    ['States', ({ states }: CarrierCoverage) => <Share counts={states} />],
    ['Transitions', ({ transitions }: CarrierCoverage) => <Share counts={transitions} />],
    ['Paths played', ({ paths }: CarrierCoverage) => paths],
    ['Measured', ({ at }: CarrierCoverage) => <When at={at} />],
  ] as const
  return (
    <>
      <table className="coverage-table">
        <thead>
          <tr>
            <td />
            {columns.map(({ name }) => (
              <th key={name} scope="col" className="number">
                {carrierWords(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([row, cell]) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {columns.map(({ name, measured }) => (
                <td key={name} className="number">
                  {measured ? cell(measured) : '–'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <Notes columns={columns} />
    </>
  )
}

type Column = { name: (typeof CARRIERS)[number]; measured: CarrierCoverage | null }

/** What the figures leave out. */
function Notes({ columns }: { columns: readonly Column[] }) {
  const outdated = columns.filter(({ measured }) => measured && !measured.isOfThisChart)
  const absent = columns.filter(({ measured }) => !measured)
  return (
    <>
      {columns.map(
        ({ name, measured }) =>
          measured &&
          measured.never.length > 0 && (
            <p key={name} className="hint">
              {measured.never.length} more are never taken over {carrierWords(name)}.
            </p>
          ),
      )}
      {absent.map(({ name }) => (
        <p key={name} className="hint">
          Nothing was measured over {carrierWords(name)} yet.
        </p>
      ))}
      {outdated.map(({ name }) => (
        <p key={name} className="warning">
          What was measured over {carrierWords(name)} is of a chart that has changed since.
        </p>
      ))}
    </>
  )
}

function Share({ counts }: { counts: Record<string, number> }) {
  const { gone, all } = shareOf(counts)
  return (
    <span data-tone={gone < all ? 'bad' : undefined}>
      {gone} of {all}
    </span>
  )
}
