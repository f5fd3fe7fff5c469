import { ApiError } from '../api/calls-api.ts'

/** What the service did not like, place by place. */
export function FaultLines({ fault }: { fault: Error | null }) {
  const places = fault instanceof ApiError ? fault.places : []
  return (
    <div className="fault" role="alert">
      {fault && places.length === 0 && fault.message}
      {places.length > 0 && (
        <ul>
          {places.map((place) => (
            <li key={place}>{place}</li>
          ))}
        </ul>
      )}
    </div>
  )
}
