/** `+15550100001` → `+1 555 010 0001`; other countries' numbers are shown as they are. */
export function phoneNumberWords(number: string): string {
  return number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '+1 $1 $2 $3')
}

/** `75400` → `1:15`, `3675000` → `1:01:15`. */
export function clockWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const minutes = Math.floor(seconds / 60)
  const twoDigits = (value: number) => String(value).padStart(2, '0')
  const hours = minutes >= 60 ? `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}` : `${minutes}`
  return `${hours}:${twoDigits(seconds % 60)}`
}

/** `3140` → `3.1 s`, `75400` → `1:15`. */
export function durationWords(milliseconds: number): string {
  return milliseconds < 60_000
    ? `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s`
    : clockWords(milliseconds)
}
