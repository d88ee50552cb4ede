/** A mistake in what the user gave (an option, a file): reported as one line, exit code 2. */
export class InputError extends Error {}
