/** A text in both languages. What `zh` lacks, or has beside, does not compile. */
export function bilingual<T>(en: T, zh: NoInfer<T>): { readonly en: T; readonly zh: T } {
  return { en, zh };
}
