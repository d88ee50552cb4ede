/** The program of a fresh Node.js process. Its argument is JSON: the case and the way of loading. */
import { probe } from "./probe.js";

const [c, how] = JSON.parse(process.argv[2]) as Parameters<typeof probe>;
process.stdout.write(JSON.stringify(await probe(c, how)));
