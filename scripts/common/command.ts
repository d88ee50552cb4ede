/** A mistake in what the user gave (an option, a file): reported as one line, exit code 2. */
export class InputError extends Error {}

/** Runs a command; an InputError becomes its line and exit code. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
