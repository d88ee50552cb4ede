/** Of this package, as in package.json: ranks of different versions are told apart. */
export const VERSION = "0.1.0";
