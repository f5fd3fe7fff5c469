import { phoneNumberWords } from '../call/numbers.ts'

/** With a real carrier, a test call is a real one. */
export function CallUs({ phoneNumber }: { phoneNumber: string | null }) {
  return (
    <section className="card intro" aria-labelledby="call-us">
      <h1 id="call-us">
        {phoneNumber ? (
          <>
            Call <a href={`tel:${phoneNumber}`}>{phoneNumberWords(phoneNumber)}</a> to test
          </>
        ) : (
          'Call your Twilio number to test'
        )}
      </h1>
      <p>The service answers with the greeting. The call appears below as soon as it comes in.</p>
    </section>
  )
}
