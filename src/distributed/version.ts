/** The version in package.json. Ranks compare their versions. */
export const VERSION = "0.1.0";
